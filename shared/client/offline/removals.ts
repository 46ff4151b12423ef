/**
 * What else changes on a device when messages or a document go, as the server does it.
 *
 * @module
 */
import type { ChatDocument, Message } from "../rows.ts";
import type { LocalRows } from "./local_rows.ts";

/** Image → the first of some messages whose parts name it. */
function namedIn(messages: Message[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { id, parts } of messages) {
    const names = JSON.stringify(parts ?? []).matchAll(/"chat-archive:image\/([0-9a-f-]{36})"/g);
    for (const [, image] of names) if (!found.has(image!)) found.set(image!, id);
  }
  return found;
}

/** Images that belong to no message go to the saved one that names them. */
export async function moveNamedImages(
  rows: LocalRows,
  chat_id: string,
  saved: Message[],
): Promise<void> {
  const named = namedIn(saved);
  if (named.size === 0) return;
  for (const image of await rows.of("chat_images", chat_id)) {
    const message_id = named.get(image.id);
    if (message_id && image.message_id === null) {
      await rows.put("chat_images", { ...image, message_id });
    }
  }
}

/** Removes messages with what belongs to them, but for images that another message names. */
export async function removeMessages(
  rows: LocalRows,
  chat_id: string,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  const gone = new Set(ids);
  const rest = (await rows.of("chat_messages", chat_id)).filter(({ id }) => !gone.has(id));
  const named = namedIn(rest);
  for (const image of await rows.of("chat_images", chat_id)) {
    if (!gone.has(image.message_id ?? "")) continue;
    const message_id = named.get(image.id);
    if (message_id) await rows.put("chat_images", { ...image, message_id });
    else await rows.remove("chat_images", [image.id]);
  }
  for (const result of await rows.of("search_results", chat_id)) {
    if (gone.has(result.message_id ?? "")) await rows.remove("search_results", [result.id]);
  }
  for (const message of rest) {
    if (gone.has(message.parent_id ?? "")) {
      await rows.put("chat_messages", { ...message, parent_id: null });
    }
  }
  await rows.remove("chat_messages", ids);
}

/** The key of a chat's first document is the chat's document_path. */
export async function keepDocumentPath(rows: LocalRows, chat_id: string): Promise<void> {
  const chat = await rows.get("chats", chat_id);
  const document_path = (await rows.of("chat_documents", chat_id))[0]?.s3_path || null;
  if (chat && chat.document_path !== document_path) {
    await rows.put("chats", { ...chat, document_path });
  }
}

/** Removes a document. What names it stays, without it. */
export async function removeDocument(
  rows: LocalRows,
  { id, chat_id }: Pick<ChatDocument, "id" | "chat_id">,
): Promise<void> {
  await rows.remove("chat_documents", [id]);
  await keepDocumentPath(rows, chat_id);
  for (const table of ["chat_images", "search_results"] as const) {
    for (const row of await rows.of(table, chat_id)) {
      if (row.document_id === id) await rows.put(table, { ...row, document_id: null });
    }
  }
}
