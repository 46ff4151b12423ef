/** import-chat, killed between any two of its steps: nobody sees half a chat, and the worker removes it. */
import type postgres from "postgres";
import { assert, assertEquals } from "@std/assert";
import { cleanup } from "../support/deletion.ts";
import { eventually } from "../support/eventually.ts";
import { startMortalStack } from "../support/failpoints.ts";
import { image, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { assertError, request, signUp } from "../support/users.ts";

Deno.test("import-chat is killed between two steps", async (t) => {
  await using stack = await startMortalStack();
  const user = await signUp(stack.status);
  const original = await user.createChat();
  const { data: message } = await user.client.from("chat_messages")
    .insert({ chat_id: original, role: "user", content: "text" }).select("id").single();
  await uploadAll(user, original, [{ ...image(), message_id: message!.id }]);
  const headers = { authorization: `Bearer ${user.token}` };
  const url = `${stack.status.FUNCTIONS_URL}/export-chat?chat_id=${original}&format=zip`;
  const file = await (await fetch(url, { headers })).bytes();
  const importFile = () =>
    request("import-chat", {
      method: "POST",
      headers: { ...headers, "content-type": "application/zip" },
      body: file,
    }, stack.status);
  const half = () =>
    asOperator((sql) =>
      sql`select id from chats where user_id = ${user.id} and id <> ${original}`.then((rows) =>
        rows.map(({ id }) => id as string)
      )
    );
  const visible = async () => (await user.client.from("chats").select("id")).data;

  for (
    const name of ["import.begun", "import.rows", "import.image", "import.finished"] as const
  ) {
    await t.step(name, async () => {
      await stack.killAt(name, importFile);
      assertEquals(await visible(), [{ id: original }]);
      const [chat_id] = await half();
      assert(chat_id, "something was made");
      // Not before its lease has ended: it could still be alive.
      await cleanup({}, stack.status);
      assertEquals(await half(), [chat_id]);
      await asOperator((sql) => sql`update private.imports set expires_at = now()`);
      await cleanup({}, stack.status);
      assertEquals(await half(), []);
      await cleanup({}, stack.status);
      assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
    });
  }

  await t.step("the same file comes in afterwards", async () => {
    assertEquals((await importFile()).status, 201);
    assertEquals((await visible())!.length, 2);
  });

  await t.step("the bucket is down: storage_unavailable, and nothing is left", async () => {
    const before = await half();
    stack.bucket.become("cut");
    assertError(await importFile(), 503, "storage_unavailable");
    assertEquals(await half(), before);
    stack.bucket.become("open");
  });
});

Deno.test("an import that outlived its lease brings no chat, removed or not yet", async (t) => {
  await using stack = await startMortalStack();
  const user = await signUp(stack.status);
  const headers = { authorization: `Bearer ${user.token}` };
  const chat_id = await user.createChat();
  const url = `${stack.status.FUNCTIONS_URL}/export-chat?chat_id=${chat_id}&format=json`;
  let text = await (await fetch(url, { headers })).text();
  /** @param share of the file that is sent before something happens to the import */
  const outlives = async (meanwhile: (sql: postgres.Sql) => Promise<unknown>, share = 1) => {
    const body = ReadableStream.from((async function* () {
      const bytes = new TextEncoder().encode(text);
      const first = Math.floor((bytes.length - 3) * share);
      yield bytes.subarray(0, first);
      const made = () =>
        asOperator((sql) => sql`select from private.imports where user_id = ${user.id}`);
      await eventually("the import has begun", async () => (await made()).length > 0);
      await asOperator(meanwhile);
      yield bytes.subarray(first);
    })());
    const answer = await request("import-chat", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
    }, stack.status);
    assertError(answer, 409, "conflict");
    const left = await asOperator((sql) => sql`select id from chats where user_id = ${user.id}`);
    assertEquals(left.map(({ id }) => id), [chat_id]);
  };
  const remove = (sql: postgres.Sql) =>
    sql`delete from chats c using private.imports i
        where i.chat_id = c.id and i.user_id = ${user.id}`;
  const expire = (sql: postgres.Sql) =>
    sql`update private.imports set expires_at = now() where user_id = ${user.id}`;
  await t.step("the worker has removed it", () => outlives(remove));
  await t.step("the worker may be about to", () => outlives(expire));
  await t.step("the worker has removed it, and rows are still to come", async () => {
    const row = { chat_id, role: "user", content: "word ".repeat(400) };
    const { error } = await user.client.from("chat_messages").insert(Array(600).fill(row));
    assertEquals(error, null);
    text = await (await fetch(url, { headers })).text();
    await outlives(remove, 0.2);
  });
});
