/** What the functions write to their log, and what goes with each call onward. */
import { adminClient } from "../../supabase/functions/_shared/clients.ts";
import { configureLog, createLog } from "../../supabase/functions/_shared/log.ts";
import { bucketOpener } from "../../supabase/functions/_shared/s3_object_store.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startConfiguredStack } from "../support/configured_stack.ts";
import { eventually } from "../support/eventually.ts";
import { image, reserve, uploadAll } from "../support/files.ts";
import { CANARY, faultsOfLog } from "../support/log_check.ts";
import { logFile, stack } from "../support/stack.ts";
import { post, request, signUp, type User } from "../support/users.ts";

/** Lines of the shared stack's log that belong to a request. */
async function linesOf(requestId: string): Promise<Record<string, unknown>[]> {
  const log = await Deno.readTextFile(logFile);
  return log.split("\n").filter((line) => line.includes(requestId)).map((line) => JSON.parse(line));
}

const operations = (lines: Record<string, unknown>[]) =>
  lines.filter(({ operation }) => operation !== "query");

/** A conversation that has a canary in every text. */
async function converse(user: User): Promise<string> {
  const chat_id = await user.createChat(CANARY);
  const { data } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: CANARY }).select("id").single();
  await user.client.from("search_results").insert({
    chat_id,
    message_id: data!.id,
    block_id: CANARY,
    page_number: 1,
    block_text: CANARY,
  });
  await uploadAll(user, chat_id, [image(`${CANARY}.png`)]);
  return chat_id;
}

Deno.test("an operation writes one line, with its facts", async () => {
  const user = await signUp();
  const chat_id = await converse(user);
  const id = crypto.randomUUID();
  const headers = { authorization: `Bearer ${user.token}`, "x-request-id": id };
  const { body } = await request(`export-chat?chat_id=${chat_id}`, { headers });
  assert(body.includes(CANARY));
  const [line, ...more] = operations(await linesOf(id));
  assertEquals(more, []);
  const { time, duration_ms, ...facts } = line!;
  assertMatch(String(time), /^\d{4}-\d\d-\d\dT/);
  assert(Number.isInteger(duration_ms));
  assertEquals(facts, {
    level: "info",
    operation: "export-chat",
    request_id: id,
    user_id: user.id,
    chat_id,
    format: "markdown",
    status: 200,
    bytes: new TextEncoder().encode(body).length,
    outcome: "ok",
  });
});

Deno.test("a run of the worker that finds nothing to do is a line for debugging only", async () => {
  const run = async () => {
    const id = crypto.randomUUID();
    const { body } = await request("storage-cleanup", {
      method: "POST",
      headers: {
        apikey: stack.SECRET_KEY,
        "content-type": "application/json",
        "x-request-id": id,
      },
      body: "{}",
    });
    const [line] = operations(await linesOf(id));
    return { claimed: body.claimed, level: line!["level"] };
  };
  const user = await signUp();
  await user.client.from("chats").delete().eq("id", await user.createChat("Gone"));
  assertEquals((await run()).level, "info");
  await eventually("nothing is left to do", async () => {
    const { claimed, level } = await run();
    return claimed === 0 && level === "debug";
  });
});

Deno.test("a refused request writes its code, and nothing of what was sent", async () => {
  const user = await signUp();
  const id = crypto.randomUUID();
  await request("presign-upload", {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.token}`,
      "content-type": "application/json",
      "x-request-id": id,
    },
    body: JSON.stringify({ chat_id: CANARY, files: CANARY }),
  });
  const [line] = operations(await linesOf(id));
  assertEquals(
    [line!["outcome"], line!["code"], line!["status"]],
    ["error", "invalid_request", 400],
  );
});

Deno.test("LOG_LEVEL and DATABASE_LOG_LEVEL: what is below is not written", async (t) => {
  const levels = [
    { LOG_LEVEL: "error", DATABASE_LOG_LEVEL: "debug", operations: false, queries: true },
    { LOG_LEVEL: "info", DATABASE_LOG_LEVEL: "warning", operations: true, queries: false },
    { LOG_LEVEL: "warning", DATABASE_LOG_LEVEL: "", operations: false, queries: false },
  ];
  for (const { operations, queries, ...env } of levels) {
    await t.step(JSON.stringify(env), async () => {
      await using faulty = await startConfiguredStack(env);
      const user = await signUp(faulty.status);
      const chat_id = await converse(user);
      await post("delete-chat", { chat_id }, user.token, faulty.status);
      assertEquals(faulty.output().includes('"operation":"delete-chat"'), operations);
      assertEquals(faulty.output().includes('"operation":"query"'), queries);
      const json = faulty.output().split("\n").filter((line) => line.startsWith("{")).join("\n");
      assertEquals(faultsOfLog(json, faulty.status), []);
    });
  }
});

Deno.test("an export that its reader left is logged as cancelled", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const rows = Array.from({ length: 900 }, (_, n) => ({
    chat_id,
    role: "user",
    content: `${n} ${"word ".repeat(1500)}`,
  }));
  for (let start = 0; start < rows.length; start += 100) {
    const { error } = await user.client.from("chat_messages").insert(
      rows.slice(start, start + 100),
    );
    assertEquals(error, null);
  }
  const id = crypto.randomUUID();
  const response = await fetch(`${stack.FUNCTIONS_URL}/export-chat?chat_id=${chat_id}`, {
    headers: { authorization: `Bearer ${user.token}`, "x-request-id": id },
  });
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  const line = await eventually("its line", async () => operations(await linesOf(id))[0]);
  assertEquals([line["level"], line["outcome"]], ["info", "cancelled"]);
});

Deno.test("the request id goes with every call to database and bucket", async () => {
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers.get("x-request-id"));
    return Response.json([]);
  });
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  Deno.env.set("SUPABASE_URL", endpoint);
  Deno.env.set("SUPABASE_SECRET_KEYS", JSON.stringify({ default: stack.SECRET_KEY }));
  const signal = new AbortController().signal;
  await adminClient({ signal, requestId: "one" }).from("chats").select();

  const open = bucketOpener({
    endpoint,
    publicEndpoint: endpoint,
    region: "local",
    bucket: "some-bucket",
    accessKeyId: "a",
    secretAccessKey: "b",
    forcePathStyle: true,
  });
  // Two requests share the connections, and keep their own ids.
  await Promise.all([open("two").head("key"), open("three").head("key")]);
  assertEquals(seen.toSorted(), ["one", "three", "two"]);
});

Deno.test("what is signed for others does not carry the request id", async () => {
  const user = await signUp();
  const [upload] = await reserve(user, await user.createChat(), [image()]);
  assert(!/x-request-id/i.test(upload!.url));
});

Deno.test("the log keeps within the platform's limits", () => {
  const lines: string[] = [];
  configureLog({ operation: "debug", database: "debug" }, (line) => lines.push(line));
  createLog("operation", { request_id: "r" })("info", "big", { text: "x".repeat(50_000) });
  assertEquals(JSON.parse(lines[0]!).request_id, "r");
  assert(lines[0]!.length < 10_000);
  const query = createLog("database", { request_id: "r" });
  for (let n = 0; n < 500; n++) query("debug", "query", { n });
  // 100 events in 10 seconds are kept: half of them stay for the operations themselves.
  assertEquals(lines.length - 1, 50);
});
