/** An export is made while it is read: page by page, beside whoever writes, no further than its reader. */
import { ChatExport } from "@shared/contracts/chat-export.ts";
import { type ExportChatRequest } from "@shared/contracts/export-chat.ts";
import { exportChat } from "../../supabase/functions/export-chat/handler.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

/** Exports in this process, so that each query can be seen and delayed. */
async function exporting(request: ExportChatRequest, onQuery: (target: string) => unknown) {
  const db = apiClient({
    token: user.token,
    fetch: async (input, init) => {
      await onQuery(new URL(String(input)).pathname.split("/").at(-1)!);
      return await fetch(input, init);
    },
  });
  const settings = { downloadExpiration: 60 };
  const { chunks } = await exportChat(request, { db, store: null, settings, now: Date.now });
  return chunks;
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(
    await new Response(ReadableStream.from(chunks) as ReadableStream<Uint8Array<ArrayBuffer>>)
      .bytes(),
  );
}

/** A chat of more messages than a page has. */
async function longChat(count = 1000): Promise<string> {
  const chat_id = await user.createChat();
  const rows = Array.from({ length: count }, (_, n) => ({
    chat_id,
    role: "user",
    content: `message ${n}, ${"long ".repeat(200)}`,
  }));
  const { error } = await user.client.from("chat_messages").insert(rows);
  assertEquals(error, null);
  return chat_id;
}

for (const format of ["markdown", "json", "zip"] as const) {
  Deno.test(`${format}: the first byte comes before the last row is read, and a reader that leaves ends the work`, async () => {
    const chat_id = await longChat();
    let queries = 0;
    const request = { chat_id, format, images: "none" as const };
    await textOf(await exporting(request, () => void queries++));
    const all = queries;
    queries = 0;
    const chunks = await exporting(request, () => void queries++);
    const iterator = chunks[Symbol.asyncIterator]();
    await iterator.next();
    assert(queries < all - 2, `${queries} of ${all} queries before the first byte`);
    await iterator.return!();
    const atEnd = queries;
    await new Promise((done) => setTimeout(done, 200));
    assertEquals(queries, atEnd, "no query after the reader has left");
    assert(atEnd < all - 2);
  });
}

Deno.test("messages and hits that come meanwhile break no reference", async () => {
  const chat_id = await longChat(600);
  await user.client.from("search_results").insert({ chat_id, block_id: "before", page_number: 1 });
  let late = 0;
  const chunks = await exporting(
    { chat_id, format: "json", images: "none" },
    async (target) => {
      // Before the first pages of messages one more message is there; when the hits are read, one that
      // the export does not have, with a hit.
      const most = { chat_messages_page: 3, search_results_page: 5 }[target] ?? 0;
      if (late >= most) return;
      late++;
      const { data } = await user.client.from("chat_messages")
        .insert({ chat_id, role: "assistant", content: `late ${late}` }).select("id").single();
      await user.client.from("search_results")
        .insert({ chat_id, message_id: data!.id, block_id: `of late ${late}`, page_number: 1 });
    },
  );
  const { messages, search_results } = ChatExport.parse(JSON.parse(await textOf(chunks)));
  const ids = new Set(messages.map(({ id }) => id));
  assertEquals(ids.size, messages.length);
  assertEquals(messages.filter(({ content }) => content.startsWith("message")).length, 600);
  assert(messages.length > 600, "some came in time");
  assert(messages.length < 600 + late, "and some too late");
  assertEquals(search_results[0]!.block_id, "before");
  for (const { message_id } of search_results) assert(message_id === null || ids.has(message_id));
});

Deno.test("a failure after the first byte breaks the stream off", async () => {
  const chat_id = await longChat();
  let queries = 0;
  const chunks = await exporting({ chat_id, format: "markdown", images: "none" }, () => {
    if (queries++ === 5) throw new TypeError("connection lost");
  });
  const iterator = chunks[Symbol.asyncIterator]();
  assertEquals((await iterator.next()).done, false);
  await assertRejects(async () => {
    while (!(await iterator.next()).done);
  }, Error);
});
