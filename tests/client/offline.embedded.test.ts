/** A server that is stopped and started again takes over what was written meanwhile. */
import { join } from "node:path";
import { createChatArchive, type SyncResult } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { assertCode, contents } from "../support/client_calls.ts";
import { removeDataFolder } from "../support/data_folder.ts";
import { eventually } from "../support/eventually.ts";
import { png } from "../support/files.ts";
import { startStackProcess } from "../support/stack_process.ts";
import { signUp } from "../support/users.ts";

Deno.test("the stack is stopped in the middle of a conversation and started again", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-data-" });
  const dataDir = join(folder, "data");
  try {
    const first = await startStackProcess({ dataDir });
    const { API_URL, DB_URL } = first.status;
    const user = await signUp(first.status);
    const synced: SyncResult[] = [];
    await using archive = createChatArchive(user.client, {
      offline: "local",
      retryAfter: 200,
      onSync: (result) => synced.push(result),
    });
    const { id: chat_id } = await archive.createChat({ title: "Conversation" });
    const say = (content: string) => archive.addMessage({ chat_id, role: "user", content });
    const before = await say("one");
    assertEquals(before.pending, undefined);
    const [shot] = await archive.uploadImages({
      chat_id,
      images: [{ name: "a.png", content: png(4, 4), content_type: "image/png" }],
    });
    await first[Symbol.asyncDispose]();

    const two = await say("two");
    assertEquals(two.pending, true);
    const answer = await archive.addMessage({ chat_id, role: "assistant", content: "" });
    for (const content of ["th", "thre", "three"]) {
      await archive.updateMessage({ id: answer.id, content });
    }
    await archive.addSearchResults({
      chat_id,
      search_results: [{ message_id: answer.id, block_id: "b1", page_number: 2 }],
    });
    await archive.attachImages({ message_id: answer.id, ids: [shot!.id] });
    const other = await archive.createChat({ title: "Begun without the server" });
    await archive.addMessage({ chat_id: other.id, role: "user", content: "hello" });
    await archive.updateChat({ id: chat_id, title: "Renamed" });

    assertEquals((await archive.getChat({ id: chat_id })).title, "Renamed");
    const local = await Array.fromAsync(archive.history({ chat_id }));
    assertEquals(
      local.map((
        { content, pending, images, search_results },
      ) => [content, pending, images.length, search_results.length]),
      [["one", undefined, 0, 0], ["two", true, 0, 0], ["three", true, 1, 1]],
    );
    const page = await archive.listChats();
    assertEquals([page.local, page.chats.map(({ title }) => title).toSorted()], [
      true,
      ["Begun without the server", "Renamed"],
    ]);
    assertEquals((await archive.pending()).map(({ operation }) => operation), [
      "addMessages",
      "addMessages",
      "updateMessage",
      "addSearchResults",
      "attachImages",
      "createChat",
      "addMessages",
      "updateChat",
    ]);
    await assertCode(() => archive.sync(), "database_unavailable");
    await assertCode(() => archive.exportChat({ chat_id, format: "zip" }), "database_unavailable");
    await assertCode(() => archive.importChat({ content: "{}" }), "database_unavailable");

    await using second = await startStackProcess({
      dataDir,
      args: [`--port=${new URL(API_URL).port}`, `--db-port=${new URL(DB_URL).port}`],
    });
    assertEquals(second.status.API_URL, API_URL);
    await eventually("by itself, all is saved", async () => (await archive.pending()).length === 0);
    assertEquals(synced.at(-1)!.conflicts, []);
    const server = createChatArchive(user.client);
    const saved = await Array.fromAsync(server.history({ chat_id }));
    assertEquals(
      saved.map((
        { content, images, search_results },
      ) => [content, images.length, search_results.length]),
      [["one", 0, 0], ["two", 0, 0], ["three", 1, 1]],
    );
    assertEquals(Date.parse(saved[1]!.created_at), Date.parse(two.created_at), "when it was said");
    assertEquals((await server.getChat({ id: chat_id })).title, "Renamed");
    assertEquals(await contents(server, other.id), ["hello"]);
    const after = await say("four");
    assertEquals(after.pending, undefined);
    assert(after.seq > saved[2]!.seq);
    assertEquals(await contents(archive, chat_id), ["one", "two", "three", "four"]);
  } finally {
    await removeDataFolder(dataDir);
    await Deno.remove(folder, { recursive: true });
  }
});
