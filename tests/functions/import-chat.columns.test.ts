/** Every column goes out and comes in: one that is added and forgotten here fails these tests. */
import type { z } from "zod";
import {
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";
import type { Json } from "@shared/database.types.ts";
import { assert, assertEquals } from "@std/assert";
import { essenceOf, exportChat, exportJson, importFile } from "../support/exports.ts";
import { image, pdf, uploadAll } from "../support/files.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const TABLES: Record<string, z.ZodObject> = {
  chats: ExportedChat,
  chat_documents: ExportedDocument,
  chat_messages: ExportedMessage,
  chat_images: ExportedImage,
  search_results: ExportedSearchResult,
};

for (const [table, schema] of Object.entries(TABLES)) {
  Deno.test(`an export has exactly the columns of ${table}`, async () => {
    const columns = await asOperator((sql) =>
      sql`select column_name from information_schema.columns
          where table_schema = 'public' and table_name = ${table}`
    );
    const keys = Object.keys(schema.shape).filter((key) => !["link", "file"].includes(key));
    assertEquals(keys.toSorted(), columns.map(({ column_name }) => column_name).toSorted());
  });
}

const user = await signUp();
const TIME = "2021-02-03T04:05:06.789012+00:00";

async function insert<T>(result: PromiseLike<{ data: T; error: unknown }>) {
  const { data, error } = await result;
  assertEquals(error, null);
  return data!;
}

/** A chat in which no column has its default, and no two rows the same value. */
async function fullChat(): Promise<string> {
  const { id: chat_id } = await insert(
    user.client.from("chats").insert({
      title: "Full",
      description: "described",
      is_archived: true,
      metadata: { chat: 1 },
      external_id: "thread-1",
      created_at: TIME,
    }).select("id").single(),
  );
  const hashed = await Promise.all([
    ...["first.pdf", "second.pdf"].map((name) => ({
      name,
      content_type: "application/pdf",
      bytes: pdf(name),
      kind: "document" as const,
    })),
    image("page.png", 1),
  ].map(async (file) => ({
    ...file,
    sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", file.bytes)).toHex(),
  })));
  const files = await uploadAll(user, chat_id, hashed);
  const [first, second, page] = files as [string, string, string];
  for (const [n, id] of [first, second].entries()) {
    await insert(
      user.client.from("chat_documents")
        .update({ page_count: 9 + n, metadata: { document: n, "ключ": [null] } }).eq("id", id)
        .select("id"),
    );
  }
  const parts: Json = [
    { type: "text", text: "see" },
    { type: "file", url: `chat-archive:image/${page}`, about: `not chat-archive:image/${page}` },
    { deep: [[{ source: `chat-archive:document/${second}` }]] },
    // What JavaScript's objects take for something else.
    JSON.parse('{"__proto__": {"x": 1}}'),
  ];
  const ids = [crypto.randomUUID(), crypto.randomUUID()];
  await insert(
    user.client.from("chat_messages").insert(ids.map((id, n) => ({
      id,
      chat_id,
      role: n ? "assistant" : "user",
      content: `content ${n}`,
      message_type: `type ${n}`,
      parts: n ? parts : [{ n }],
      metadata: { message: n },
      parent_id: n ? ids[0]! : null,
      external_id: `external ${n}`,
      status: n ? "error" : "incomplete",
      created_at: TIME,
    }))).select("id"),
  );
  await insert(
    user.client.from("chat_images").update({
      description: "alt",
      image_type: "crop",
      message_id: ids[1]!,
      document_id: second,
      page_number: 9,
      coords_norm: [0.125, 0, 1, 0.75],
    }).eq("id", page).select("id"),
  );
  await insert(
    user.client.from("search_results").insert([first, second].map((document_id, n) => ({
      chat_id,
      message_id: ids[n]!,
      document_id,
      block_id: `b${n}`,
      page_number: 3 + n,
      block_text: `block ${n}`,
      score: n + 0.5,
      coords_norm: [[0, 0.1, 0.2, 1], [0, 0, 1, 1]],
      coords_px: [1, 2, 3, 4],
      metadata: { result: n },
      created_at: TIME,
    }))).select("id"),
  );
  return chat_id;
}

Deno.test("every column comes back, and references lead to the rows of the new chat", async () => {
  const original = await fullChat();
  const before = await exportJson(user, original);
  const zip = await exportChat(user, original, "zip");
  // So that its external_id is free.
  await user.client.from("chats").delete().eq("id", original);
  const { status, body } = await importFile(user, zip, "application/zip");
  assertEquals(status, 201, JSON.stringify(body));
  assertEquals({ ...body, chat_id: "" }, {
    chat_id: "",
    messages: 2,
    images: 1,
    documents: 2,
    search_results: 2,
    missing: [],
  });
  const after = await exportJson(user, body.chat_id);
  const { chat, documents, messages, images, search_results } = before;
  for (const rows of [[chat], documents, messages, images, search_results]) {
    for (const [column, value] of Object.entries(rows.at(-1)!)) {
      assert(value !== null, `${column} has a value that could be lost`);
    }
  }
  assertEquals(essenceOf(after), essenceOf(before));
  assert(!JSON.stringify(essenceOf(after)).includes("not in the file"));
  assert(JSON.stringify(after.messages).includes('"__proto__"'));
  const [, second] = after.documents;
  assertEquals(after.images[0]!.document_id, second!.id);
  assertEquals(after.search_results.map(({ document_id }) => document_id), [
    after.documents[0]!.id,
    second!.id,
  ]);
  assertEquals(after.messages[1]!.parent_id, after.messages[0]!.id);
  assert(
    JSON.stringify(after.messages[1]!.parts).includes(`"not chat-archive:image/`),
    "text that only holds a name stays as it is",
  );
});

Deno.test("the external_id of a chat stays where another chat of the importer has it", async () => {
  const external_id = "thread of two";
  const { id } = await insert(
    user.client.from("chats").insert({ title: "a", external_id }).select("id").single(),
  );
  const file = await exportChat(user, id, "json");
  const { body } = await importFile(user, file);
  assertEquals((await exportJson(user, body.chat_id)).chat.external_id, null);
  const other = await signUp();
  const { body: theirs } = await importFile(other, file);
  assertEquals((await exportJson(other, theirs.chat_id)).chat.external_id, external_id);
});
