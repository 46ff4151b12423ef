/** The bucket or the database is down, hangs, or is switched off: the right code, and nothing lost. */
import { ChatExport } from "@shared/contracts/chat-export.ts";
import { HealthResponse } from "@shared/contracts/health.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startConfiguredStack } from "../support/configured_stack.ts";
import { chatsOf } from "../support/accounts.ts";
import { cleanup } from "../support/deletion.ts";
import { eventually } from "../support/eventually.ts";
import { exportChat, exportZip, importFile } from "../support/exports.ts";
import { type FaultyStack, startFaultyStack } from "../support/faulty_stack.ts";
import { factsOf, image, put, reserve, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { assertError, request, signUp } from "../support/users.ts";

/** Milliseconds within which a function has to answer whatever is down. */
const BOUND = 15_000;

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work;
  assert(performance.now() - started < milliseconds, "it took too long");
  return result;
}

/** Shared: starting one takes seconds. Each test leaves its parts open. */
let faulty: FaultyStack;
Deno.test.beforeAll(async () => {
  faulty = await startFaultyStack();
});
Deno.test.afterAll(async () => await faulty[Symbol.asyncDispose]());

Deno.test("the bucket is down", async (t) => {
  const { status } = faulty;
  const user = await signUp(status);
  const chat_id = await user.createChat();
  const [stored] = await uploadAll(user, chat_id, [image("stored.png", 1)]);
  const [reserved] = await reserve(user, chat_id, [image("reserved.png", 2)]);
  assertEquals(await put(reserved!, image("reserved.png", 2).bytes), 200);
  const exported = await exportChat(user, chat_id, "zip", status);
  faulty.bucket.become("cut");

  await t.step("import-chat: storage_unavailable, and nothing is left", async () => {
    const answer = await within(BOUND, importFile(user, exported, "application/zip", status));
    assertError(answer, 503, "storage_unavailable");
    assertEquals(await chatsOf(user), 1);
  });

  await t.step("confirm-upload: storage_unavailable, and works later", async () => {
    const answer = await within(BOUND, user.call("confirm-upload", { ids: [reserved!.id] }));
    assertError(answer, 503, "storage_unavailable");
    faulty.bucket.become("open");
    const { body } = await user.call("confirm-upload", { ids: [reserved!.id] });
    assertEquals(body.images.length, 1);
    faulty.bucket.become("cut");
  });

  await t.step("what needs no bucket goes on", async () => {
    assertEquals((await user.call("presign-download", { ids: [stored] })).status, 200);
    const answer = await request(`export-chat?chat_id=${chat_id}`, {
      headers: { authorization: `Bearer ${user.token}` },
    }, status);
    assertEquals(answer.status, 200);
  });

  await t.step("export-chat: the zip holds the text, and a list of what is missing", async () => {
    await user.client.from("chat_messages").insert({
      chat_id,
      role: "user",
      content: "still here",
    });
    const { paths, text } = await exportZip(user, `chat_id=${chat_id}`, status.FUNCTIONS_URL);
    assertEquals(paths, ["chat.json", "chat.md", "missing.txt"]);
    assertStringIncludes(text("chat.md"), "still here");
    assertMatch(text("chat.md"), /^- Images are not included: the object storage did not answer$/m);
    assertMatch(text("missing.txt"), /^images\/stored\.png: the object storage did not answer$/m);
    assertEquals(ChatExport.parse(JSON.parse(text("chat.json"))).messages.length, 1);
  });

  await t.step("health: down, storage unreachable, within 2 s", async () => {
    const answer = await within(2000, request("health", {}, status));
    assertEquals(answer.status, 503);
    const { checks } = HealthResponse.parse(answer.body);
    assertEquals([checks.storage.status, checks.storage.reason], ["down", "unreachable"]);
    assertEquals(checks.database.status, "ok");
    assert(!JSON.stringify(answer.body).includes("127.0.0.1"));
  });

  await t.step("delete-chat: 202, the rows are gone, the bytes follow", async () => {
    const answer = await within(BOUND, user.call("delete-chat", { chat_id }));
    assertEquals(answer.status, 202);
    assertEquals(answer.body.deletions[0].status, "pending");
    assertEquals((await user.client.from("chats").select("id").eq("id", chat_id)).data, []);
    const { error } = await user.client.from("chats").insert({ id: chat_id, title: "Again" });
    assertEquals(error?.code, "23505", "the id waits for its bytes");

    // A client that asks again and again does not use up the worker's attempts.
    for (let round = 0; round < 22; round++) await user.call("delete-chat", { chat_id });
    const { data } = await user.client.from("storage_deletions")
      .select("attempts, dead_at, last_error").eq("chat_id", chat_id).eq("is_prefix", true);
    // It counts where the entry was due, as the worker's own would: after 5 s, 10 s, 20 s …
    const [{ attempts, dead_at } = { attempts: 20, dead_at: "" }] = data!;
    assert(attempts <= 5 && dead_at === null, `${attempts} attempts`);
    assert(data![0]!.last_error && !data![0]!.last_error.includes("127.0.0.1"));

    faulty.bucket.become("open");
    const again = await user.call("delete-chat", { chat_id });
    assertEquals([again.status, again.body.deletions[0].status], [200, "done"]);
    assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
  });
});

Deno.test("the bucket accepts and keeps silent: every answer comes in time", async () => {
  const { status } = faulty;
  const user = await signUp(status);
  const [chat_id, doomed] = [await user.createChat(), await user.createChat()];
  const [stored] = await uploadAll(user, chat_id, [image("stored.png", 1)]);
  await uploadAll(user, doomed, [image("doomed.png", 2)]);
  const [reserved] = await reserve(user, chat_id, [image("reserved.png", 3)]);
  assertEquals(await put(reserved!, image("reserved.png", 3).bytes), 200);
  faulty.bucket.become("stalled");

  const needsBytes = async () => {
    const answer = await within(BOUND, user.call("confirm-upload", { ids: [reserved!.id] }));
    assertError(answer, 503, "storage_unavailable");
  };
  const deletes = async () => {
    const answer = await within(BOUND, user.call("delete-chat", { chat_id: doomed }));
    assertEquals([answer.status, answer.body.deletions[0].status], [202, "pending"]);
  };
  const goesOn = async () => {
    const { status: health, body } = await within(3000, request("health", {}, status));
    assertEquals([health, body.checks.storage.status], [503, "down"]);
    const files = [factsOf(image())];
    const calls: [number, Promise<{ status: number }>][] = [
      [201, user.call("presign-upload", { chat_id, files })],
      [200, user.call("presign-download", { ids: [stored] })],
    ];
    for (const [expected, call] of calls) {
      assertEquals((await within(3000, call)).status, expected);
    }
    const { error } = await user.client.from("chat_messages")
      .insert({ chat_id, role: "user", content: "Still here" });
    assertEquals(error, null);
  };
  await Promise.all([needsBytes(), deletes(), goesOn()]);

  faulty.bucket.become("open");
  const { body } = await user.call("confirm-upload", { ids: [reserved!.id] });
  assertEquals(body.images.length, 1, "nothing was lost");
  const again = await user.call("delete-chat", { chat_id: doomed });
  assertEquals([again.status, await keysBelow(`${user.id}/${doomed}/`)], [200, []]);
});

Deno.test("the bucket refuses the credentials, or is missing: nothing is lost", async (t) => {
  const cases: [string, Record<string, string>, string][] = [
    ["a wrong secret", { S3_SECRET_KEY: "wrong" }, "bad_credentials"],
    ["a wrong access key", { S3_ACCESS_KEY: "wrong" }, "bad_credentials"],
    ["no such bucket", { S3_BUCKET: "not-there" }, "missing_bucket"],
  ];
  const user = await signUp();
  const chat_id = await user.createChat();
  const [stored] = await uploadAll(user, chat_id, [image("stored.png", 1)]);
  const [reserved] = await reserve(user, chat_id, [image()]);
  assertEquals(await put(reserved!, image().bytes), 200);
  for (const [what, env, reason] of cases) {
    await t.step(what, async () => {
      await using faulty = await startConfiguredStack(env);
      const { status } = faulty;
      const { body } = await request("health", {}, status);
      assertEquals([body.checks.storage.status, body.checks.storage.reason], ["down", reason]);
      const other = await signUp(status);
      const own = await other.createChat();
      const [upload] = await reserve(other, own, [image()]);
      assert(await put(upload!, image().bytes) >= 400, "its URL opens nothing");
      const confirmed = await within(BOUND, other.call("confirm-upload", { ids: [upload!.id] }));
      assertError(confirmed, 503, "storage_unavailable");
      const deleted = await within(BOUND, other.call("delete-chat", { chat_id: own }));
      assertEquals([deleted.status, deleted.body.deletions[0].status], [202, "pending"]);
      assertEquals((await within(BOUND, cleanup({}, status))).status, 200);
    });
  }
  const { body } = await user.call("confirm-upload", { ids: [reserved!.id] });
  assertEquals(body.images.length, 1);
  assertEquals((await user.call("presign-download", { ids: [stored] })).status, 200);
});

Deno.test("the database is down: database_unavailable, and nothing lost", async () => {
  const { status } = faulty;
  const user = await signUp(status);
  const chat_id = await user.createChat();
  const [id] = await uploadAll(user, chat_id, [image()]);
  faulty.database.become("cut");
  const calls: [string, unknown][] = [
    ["presign-upload", { chat_id, files: [factsOf({ ...image("a"), bytes: new Uint8Array(1) })] }],
    ["confirm-upload", { ids: [id] }],
    ["presign-download", { ids: [id] }],
    ["delete-chat", { chat_id }],
  ];
  for (const [name, body] of calls) {
    assertError(await within(BOUND, user.call(name, body)), 503, "database_unavailable");
  }
  const health = await within(2500, request("health", {}, status));
  assertEquals([health.status, health.body.checks.database.status], [503, "down"]);

  faulty.database.become("open");
  // The first call on a connection that was cut may still fail.
  await eventually(
    "it works again",
    async () => (await user.call("presign-download", { ids: [id] })).status === 200,
  );
  assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 1);
});

Deno.test("USE_S3_STORAGE=false: text works, deletions wait, exports say so", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("left out.png")]);
  await using off = await startConfiguredStack({ USE_S3_STORAGE: "false" });
  // It has a signing key of its own, and so users of its own.
  const again = await signUp(off.status);
  const own = await again.createChat();
  assertError(
    await again.call("presign-upload", {
      chat_id: own,
      files: [factsOf({ ...image("a"), bytes: new Uint8Array(1) })],
    }),
    503,
    "storage_disabled",
  );
  assertError(await again.call("presign-download", { chat_id: own }), 503, "storage_disabled");
  assertError(
    await again.call("confirm-upload", { ids: [crypto.randomUUID()] }),
    503,
    "storage_disabled",
  );
  const { data: message } = await again.client.from("chat_messages")
    .insert({ chat_id: own, role: "user", content: "Text goes on" }).select("content").single();
  assertEquals(message?.content, "Text goes on");
  const { body } = await request(`export-chat?chat_id=${own}`, {
    headers: { authorization: `Bearer ${again.token}` },
  }, off.status);
  assertMatch(body, /Images are not included: object storage is switched off/);
  const deleted = await again.call("delete-chat", { chat_id: own });
  assertEquals([deleted.status, deleted.body.deletions[0].status], [202, "pending"]);
  const health = await request("health", {}, off.status);
  assertEquals([health.status, health.body.checks.storage.status], [200, "disabled"]);
  // What was stored before stays until the bucket is back.
  await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
  assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 1);
});

Deno.test("USE_DATABASE=false: database_disabled", async () => {
  await using off = await startConfiguredStack({ USE_DATABASE: "false" });
  const user = await signUp(off.status);
  assertError(
    await user.call("delete-chat", { chat_id: crypto.randomUUID() }),
    503,
    "database_disabled",
  );
  const health = await request("health", {}, off.status);
  assertEquals([health.status, health.body.checks.database.status], [200, "disabled"]);
});

Deno.test("ALLOWED_ORIGINS: other pages may not read the answers", async () => {
  await using stack = await startConfiguredStack({
    ALLOWED_ORIGINS: "https://app.example, https://b.example",
  });
  const allowed = async (origin: string) => {
    const { headers } = await request("health", { headers: { origin } }, stack.status);
    assertEquals(headers.get("vary"), "origin");
    return headers.get("access-control-allow-origin");
  };
  assertEquals(await allowed("https://b.example"), "https://b.example");
  assertEquals(await allowed("https://evil.example"), null);
});
