/** The library on a stack whose parts are down or switched off. */
import { createChatArchive } from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { assertCode, contents } from "../support/client_calls.ts";
import { startConfiguredStack } from "../support/configured_stack.ts";
import { startFaultyStack } from "../support/faulty_stack.ts";
import { png } from "../support/files.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const newId = () => crypto.randomUUID();

Deno.test("what is down has its code, and passes", async () => {
  await using faulty = await startFaultyStack();
  const client = (await signUp(faulty.status)).client;
  const mine = createChatArchive(client);
  const { id: chat_id } = await mine.createChat({ title: "Faults" });
  faulty.bucket.become("cut");
  const image = { id: newId(), name: "a.png", content: png(4, 4), content_type: "image/png" };
  await assertCode(() => mine.uploadImages({ chat_id, images: [image] }), "storage_unavailable");
  faulty.bucket.become("stalled");
  const hasty = createChatArchive(client, { transferTimeout: 200 });
  await assertCode(() => hasty.uploadImages({ chat_id, images: [image] }), "storage_unavailable");
  faulty.bucket.become("open");
  assertEquals((await mine.uploadImages({ chat_id, images: [image] })).length, 1);
  faulty.database.become("cut");
  await assertCode(() => mine.getChat({ id: chat_id }), "database_unavailable");
});

Deno.test("a deployment without a database says so at every operation, or keeps all here", async (t) => {
  await using faulty = await startConfiguredStack({ USE_DATABASE: "false" });
  const { id: user_id, client } = await signUp(faulty.status);

  await t.step("without a local store: database_disabled", async () => {
    const mine = createChatArchive(client);
    await assertCode(() => mine.createChat({ title: "x" }), "database_disabled");
    await assertCode(
      () => Array.fromAsync(mine.messages({ chat_id: newId() })),
      "database_disabled",
    );
    assertEquals((await mine.checkConnection()).checks.database.status, "disabled");
    const rows = await asOperator((sql) => sql`select 1 from chats where user_id = ${user_id}`);
    assertEquals(rows.length, 0);
  });

  await t.step("with one: everything is here, and nothing there", async () => {
    await using archive = createChatArchive(client, { offline: "local", retryAfter: 100 });
    const chat = await archive.createChat({ id: newId(), title: "Here" });
    assertEquals(chat.pending, true);
    await archive.addMessage({ chat_id: chat.id, role: "user", content: "hello" });
    assertEquals(await contents(archive, chat.id), ["hello"]);
    await assertCode(() => archive.sync(), "database_disabled");
    assertEquals((await archive.pending()).length, 2);
    const there = createChatArchive(client, { useDatabase: true });
    assertEquals((await there.listChats()).chats, []);
  });
});
