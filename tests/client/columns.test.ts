/** Every column of the database has its place in the library: none can be forgotten. */
import {
  type ChatChanges,
  createChatArchive,
  type MessageChanges,
  type NewChat,
  type NewDocument,
  type NewImage,
  type NewMessage,
  type NewSearchResult,
} from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { behindLine } from "../support/behind_line.ts";
import { pdf, png } from "../support/files.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

type Right = "INSERT" | "UPDATE" | "SELECT";

/** Columns of a table on which signed-in users have a right. */
async function columns(table: string, right: Right): Promise<string[]> {
  const rows = await asOperator((sql) =>
    sql<{ name: string }[]>`
      select column_name::text as name from information_schema.columns
      where table_schema = 'public' and table_name = ${table}
        and has_column_privilege('authenticated', ${`public.${table}`}, column_name, ${right})`
  );
  return rows.map(({ name }) => name).toSorted();
}

const keys = (...objects: object[]) =>
  [...new Set(objects.flatMap(Object.keys))].filter((key) => key !== "pending").toSorted();

const newId = () => crypto.randomUUID();
const NOW = "2026-01-02T03:04:05.678901+00:00";

// `Required`: the compiler asks for every field of an input, and takes no other.
const chat = (): Required<NewChat> => ({
  id: newId(),
  title: "A title",
  description: "A description",
  metadata: { a: [1, { b: null }] },
  is_archived: true,
  external_id: newId(),
  created_at: NOW,
});
const message = (parent_id: string): Required<NewMessage> => ({
  id: newId(),
  role: "assistant",
  content: "A content",
  message_type: "a type",
  parts: [{ type: "text", text: "A content" }, 1, null],
  metadata: { c: "d" },
  parent_id,
  external_id: "an external id",
  status: "incomplete",
  created_at: NOW,
});
const searchResult = (
  message_id: string,
  document_id: string | null,
): Required<NewSearchResult> => ({
  id: newId(),
  message_id,
  document_id,
  block_id: "a block",
  page_number: 7,
  block_text: "A text",
  score: 0.25,
  coords_norm: [[0, 0, 0.5, 1]],
  coords_px: [[1, 2, 3, 4], [5, 6, 7, 8]],
  metadata: { e: true },
  created_at: NOW,
});
const chatChanges: Required<Omit<ChatChanges, "id">> = {
  title: "Another title",
  description: null,
  metadata: {},
  is_archived: false,
};
const messageChanges: Required<Omit<MessageChanges, "id">> = {
  content: "Another content",
  message_type: "another type",
  parts: null,
  metadata: {},
  status: "complete",
};
const document: Required<NewDocument> = {
  id: newId(),
  name: "a.pdf",
  content: pdf(),
  content_type: "application/pdf",
  sha256: await sha256(pdf()),
  page_count: 12,
};
const image = (message_id: string, document_id: string): Required<NewImage> => ({
  id: newId(),
  name: "a.png",
  content: png(5, 6),
  content_type: "image/png",
  sha256: "",
  message_id,
  document_id,
  page_number: 7,
  coords_norm: [0, 0.25, 0.5, 1],
  image_type: "a type",
  description: "A description",
  width: 5,
  height: 6,
});

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("whatever a user may insert or change has a field of an input", async () => {
  const ofChat = { chat_id: "" };
  assertEquals(keys(chat()), await columns("chats", "INSERT"));
  assertEquals(keys(message(""), ofChat), await columns("chat_messages", "INSERT"));
  assertEquals(keys(searchResult("", ""), ofChat), await columns("search_results", "INSERT"));
  assertEquals(keys(chatChanges), await columns("chats", "UPDATE"));
  assertEquals(keys(messageChanges), await columns("chat_messages", "UPDATE"));
  // No verb changes these; supabase-js does.
  const images = ["coords_norm", "description", "document_id", "image_type", "page_number"];
  assertEquals([...images, "message_id"].toSorted(), await columns("chat_images", "UPDATE"));
  assertEquals(["metadata", "name", "page_count"], await columns("chat_documents", "UPDATE"));
});

Deno.test("whatever an upload may carry has a field of an input", async () => {
  const OTHER_NAMES: Record<string, string> = { name: "file_name", content: "file_size" };
  // The library and the function know these.
  const made = ["chat_id", "expires_in", "kind"];
  const given = keys(document, image("", "")).map((key) => OTHER_NAMES[key] ?? key);
  assertEquals([...given, ...made].toSorted(), await columns("uploads", "INSERT"));
});

/** Writes all columns of a chat, a message and a search result, first as new rows, then as changes. */
async function write(archive: ReturnType<typeof createChatArchive>, document_id: string | null) {
  const wanted = {
    chat: chat(),
    message: message(newId()),
    hit: searchResult(newId(), document_id),
  };
  const stored = await archive.createChat(wanted.chat);
  const chat_id = stored.id;
  await archive.addMessage({ id: wanted.message.parent_id!, chat_id, role: "user", content: "x" });
  const added = await archive.addMessage({ ...wanted.message, chat_id });
  const saved = { ...message(added.id), external_id: "another" };
  const [other] = await archive.saveMessages({ chat_id, messages: [saved] });
  const hits = [{ ...wanted.hit, message_id: added.id }];
  const [hit] = await archive.addSearchResults({ chat_id, search_results: hits });
  return {
    rows: { chats: stored, chat_messages: added, search_results: hit! },
    /** What was given, and the row. */
    pairs: [[wanted.chat, stored], [wanted.message, added], [saved, other!], [
      hits[0]!,
      hit!,
    ]] as const,
    changed: [
      [chatChanges, await archive.updateChat({ id: chat_id, ...chatChanges })],
      [messageChanges, await archive.updateMessage({ id: added.id, ...messageChanges })],
    ] as const,
  };
}

/** Rows have the columns of their tables, and hold what was given. */
async function assertWritten({ rows, pairs, changed }: Awaited<ReturnType<typeof write>>) {
  for (const [table, row] of Object.entries(rows)) {
    assertEquals(keys(row), await columns(table, "SELECT"), table);
  }
  for (const [given, row] of [...pairs, ...changed]) {
    const held = Object.keys(given).map((key) => [key, row[key as keyof typeof row]]);
    assertEquals(Object.fromEntries(held), given);
  }
}

Deno.test("rows have every column, and hold what every field gave", async () => {
  await assertWritten(await write(createChatArchive((await signUp()).client), null));
});

Deno.test("rows that only this device has, too", async () => {
  await using line = await behindLine();
  line.relay.become("cut");
  const written = await write(line.archive, newId());
  assertEquals(written.rows.chats.pending, true);
  await assertWritten(written);
});

Deno.test("files have every column, hold what every field gave, and are read without the server", async () => {
  await using line = await behindLine();
  const { archive } = line;
  const { id: chat_id } = await archive.createChat({ title: "Files" });
  const { id: message_id } = await archive.addMessage({ chat_id, role: "user", content: "x" });
  const stored = await archive.uploadDocument({ chat_id, document });
  const wanted = image(message_id, stored.id);
  wanted.sha256 = await sha256(png(5, 6));
  const [picture] = await archive.uploadImages({ chat_id, images: [wanted] });
  assertEquals(keys(stored), await columns("chat_documents", "SELECT"));
  assertEquals(keys(picture!), await columns("chat_images", "SELECT"));
  for (
    const [{ content: _, name, ...given }, row] of [[document, stored], [wanted, picture!]] as const
  ) {
    const held = { ...row, name: "image_name" in row ? row.image_name : row.name };
    assertEquals({ ...held, ...given, name }, held);
  }
  const read = async () => [
    await archive.getChat({ id: chat_id }),
    await Array.fromAsync(archive.documents({ chat_id })),
    await Array.fromAsync(archive.history({ chat_id })),
    await Array.fromAsync(archive.images({ chat_id })),
  ];
  const online = await read();
  line.relay.become("cut");
  assertEquals(await read(), online);
});
