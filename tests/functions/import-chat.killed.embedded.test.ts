/** import-chat, killed between any two of its steps: nobody sees half a chat, and the worker removes it. */
import { assert, assertEquals } from "@std/assert";
import { cleanup } from "../support/deletion.ts";
import { startMortalStack } from "../support/failpoints.ts";
import { image, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { request, signUp } from "../support/users.ts";

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
});
