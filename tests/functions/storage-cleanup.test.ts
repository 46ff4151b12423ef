import { assert, assertEquals } from "@std/assert";
import { image, put, reserve, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow, stack } from "../support/stack.ts";
import { assertError, assertField, request, signUp } from "../support/users.ts";

const user = await signUp();

const cleanup = (body: unknown = {}, apikey = stack.SECRET_KEY) =>
  request("storage-cleanup", {
    method: "POST",
    headers: { apikey, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

Deno.test("only the secret key may call it", async () => {
  assertError(await request("storage-cleanup", { method: "POST" }), 401, "unauthorized");
  assertError(await cleanup({}, stack.PUBLISHABLE_KEY), 401, "unauthorized");
  assertError(await cleanup({}, "sb_secret_wrong"), 401, "unauthorized");
  assertError(await user.call("storage-cleanup", {}), 401, "unauthorized");
});

Deno.test("a message deleted by supabase-js: the worker removes its images' bytes", async () => {
  const chat_id = await user.createChat();
  const { data } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: "Hello" }).select("id").single();
  const [doomed] = await uploadAll(user, chat_id, [{ ...image(), message_id: data!.id }]);
  const [kept] = await uploadAll(user, chat_id, [image()]);
  await user.client.from("chat_messages").delete().eq("id", data!.id);
  const { status, body } = await cleanup();
  assertEquals(status, 200);
  assert(body.deleted >= 1);
  const { data: left } = await user.client.from("storage_deletions").select("done_at")
    .eq("chat_id", chat_id).is("done_at", null);
  assertEquals(left, []);
  const keys = await keysBelow(`${user.id}/${chat_id}/`);
  assertEquals(keys, [`${user.id}/${chat_id}/images/${kept}-1.png`], `without ${doomed}`);
});

Deno.test("a chat deleted by SQL: the worker removes everything below it", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("1.png", 1), image("2.png", 2)]);
  await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("a user deleted in auth.users: the worker removes everything of theirs", async () => {
  const leaving = await signUp();
  for (const title of ["One", "Two"]) {
    await uploadAll(leaving, await leaving.createChat(title), [image()]);
  }
  await asOperator((sql) => sql`delete from auth.users where id = ${leaving.id}`);
  await cleanup();
  assertEquals(await keysBelow(`${leaving.id}/`), []);
});

Deno.test("a reservation whose URL died an hour ago is expired, and its bytes are swept", async () => {
  const chat_id = await user.createChat();
  const [upload, open] = await reserve(user, chat_id, [image("1.png", 1), image("2.png", 2)]);
  await put(upload!, image("1.png", 1).bytes);
  await put(open!, image("2.png", 2).bytes);
  await asOperator(async (sql) => {
    await sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${
      upload!.id
    }`;
    await sql`update storage_deletions set not_before = now() where target like ${`%/incoming/${
      upload!.id
    }-1`}`;
  });
  const { body } = await cleanup();
  assertEquals(body.expired_uploads, 1);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), [
    `${user.id}/${chat_id}/incoming/${open!.id}-1`,
  ]);
  const { data } = await user.client.from("uploads").select("status").eq("id", upload!.id).single();
  assertEquals(data!.status, "expired");
});

Deno.test("a message that streams without a change for too long is incomplete", async () => {
  const chat_id = await user.createChat();
  // The setting is 900 s. An update would stamp its own time.
  await asOperator((sql) =>
    sql`
      insert into chat_messages (chat_id, user_id, role, content, status, updated_at)
      select ${chat_id}, ${user.id}, 'assistant', 'So far', status, now() - age
      from (values ('streaming', interval '901 seconds'), ('streaming', interval '870 seconds'),
                   ('complete', interval '1 day'), ('error', interval '1 day')) v (status, age)`
  );
  const { body } = await cleanup();
  assertEquals(body.incomplete_messages, 1);
  const { data: rows } = await user.client.from("chat_messages").select("status, content, seq")
    .eq("chat_id", chat_id).order("seq");
  assertEquals(rows!.map(({ status }) => status), ["incomplete", "streaming", "complete", "error"]);
  assertEquals(rows![0]!.content, "So far");
  assertEquals((await cleanup()).body.incomplete_messages, 0);
});

/** Runs work while one statement on a table fails for one row. */
async function withBroken(table: string, event: string, row: string, work: () => Promise<void>) {
  await asOperator((sql) =>
    sql.unsafe(`
      create function public.break_test() returns trigger language plpgsql as
        $$ begin raise exception 'broken by a test'; end $$;
      create trigger break_test before ${event} on ${table} for each row
        when (old.id = '${row}') execute function public.break_test();`)
  );
  try {
    await work();
  } finally {
    await asOperator((sql) => sql.unsafe("drop function public.break_test cascade"));
  }
}

Deno.test("a step of a run that fails keeps none of the others from being done", async () => {
  const chat_id = await user.createChat();
  const [silent] = await asOperator((sql) =>
    sql<[{ id: string }]>`
      insert into chat_messages (chat_id, user_id, role, content, status, updated_at)
      values (${chat_id}, ${user.id}, 'assistant', 'So far', 'streaming', now() - interval '1 hour')
      returning id`
  );
  const [upload] = await reserve(user, chat_id, [image()]);
  await asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${upload!.id}`
  );
  await uploadAll(user, chat_id, [image("2.png", 2)]);
  await user.client.from("chat_images").delete().eq("chat_id", chat_id);

  await withBroken("chat_messages", "update", silent.id, async () => {
    const { status, body } = await cleanup();
    assertEquals([status, body.failed_steps], [200, ["end_silent_messages"]]);
    assertEquals([body.expired_uploads, body.incomplete_messages], [1, 0]);
    assertEquals(await keysBelow(`${user.id}/${chat_id}/images/`), []);
  });
  const { body } = await cleanup();
  assertEquals([body.incomplete_messages, body.failed_steps], [1, undefined]);

  const [other] = await reserve(user, chat_id, [image("3.png", 3)]);
  await asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${other!.id}`
  );
  await uploadAll(user, chat_id, [image("4.png", 4)]);
  await user.client.from("chat_images").delete().eq("chat_id", chat_id);
  await withBroken("uploads", "update", other!.id, async () => {
    const { status, body } = await cleanup();
    assertEquals([status, body.failed_steps], [200, ["expire_uploads"]]);
    assertEquals(await keysBelow(`${user.id}/${chat_id}/images/`), []);
  });
  assertEquals((await cleanup()).body.expired_uploads, 1);
});

Deno.test("a key that a live row names is never deleted", async () => {
  const chat_id = await user.createChat();
  const [id] = await uploadAll(user, chat_id, [image()]);
  const key = `${user.id}/${chat_id}/images/${id}-1.png`;
  await asOperator((sql) =>
    sql`insert into storage_deletions (user_id, target, reason) values (${user.id}, ${key}, 'orphan')`
  );
  await cleanup();
  assertEquals(await keysBelow(key), [key]);
});

Deno.test("a key of an open reservation is not deleted, and not forgotten either", async () => {
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [image()]);
  await put(upload!, image().bytes);
  const target = `${user.id}/${chat_id}/incoming/${upload!.id}-1`;
  const due = () =>
    asOperator((sql) =>
      sql`update storage_deletions set not_before = now() where target = ${target}`
    );
  await due();
  await cleanup();
  assertEquals(await keysBelow(target), [target]);
  const { data } = await user.client.from("storage_deletions").select("done_at, attempts")
    .eq("target", target);
  assertEquals(data, [{ done_at: null, attempts: 0 }]);

  await asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${upload!.id}`
  );
  await due();
  await cleanup();
  assertEquals(await keysBelow(target), []);
});

Deno.test("limit bounds a run", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("1.png", 1), image("2.png", 2), image("3.png", 3)]);
  await user.client.from("chat_images").delete().eq("chat_id", chat_id);
  const { body } = await cleanup({ limit: 2 });
  assertEquals(body.claimed, 2);
  assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 1);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("receipts that were done 30 days ago are purged", async () => {
  const chat_id = await user.createChat();
  await user.call("delete-chat", { chat_id });
  await asOperator((sql) =>
    sql`update storage_deletions set done_at = now() - interval '31 days' where chat_id = ${chat_id}`
  );
  await cleanup();
  const { data } = await user.client.from("storage_deletions").select("id").eq("chat_id", chat_id);
  assertEquals(data, []);
});

Deno.test("where the bucket is this database's there is nothing to accept", async () => {
  for (const accept_restore of ["dry-run", "apply"]) {
    const { status, body } = await cleanup({ accept_restore });
    assertEquals([status, body.verdict, body.accepted], [200, "same", false]);
    assertEquals([body.marker.database, body.marker.project], [body.here.database, ""]);
  }
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const both = { reconcile: "dry-run", accept_restore: "dry-run" };
  for (
    const [body, field] of [
      [{ limit: 0 }, "limit"],
      [{ limit: "1" }, "limit"],
      [{ accept_restore: true }, "accept_restore"],
      [both, "accept_restore"],
    ] as const
  ) {
    assertField(assertError(await cleanup(body), 400, "invalid_request"), field);
  }
});
