/** An import that takes longer than its lease brings no chat. */
import type postgres from "postgres";
import { assertEquals } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { asOperator, stack } from "../support/stack.ts";
import { assertError, request, signUp } from "../support/users.ts";

Deno.test("an import that outlived its lease brings no chat, removed or not yet", async (t) => {
  const user = await signUp();
  const headers = { authorization: `Bearer ${user.token}` };
  const chat_id = await user.createChat();
  const url = `${stack.FUNCTIONS_URL}/export-chat?chat_id=${chat_id}&format=json`;
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
    });
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
