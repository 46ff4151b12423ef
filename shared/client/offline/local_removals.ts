/**
 * What else changes on a device when messages or a document go, as the server does it.
 *
 * @module
 */
import type { ChatDocument, Message } from "../rows.ts";
import type { InputOf } from "./journal.ts";
import type { LocalChange, LocalRows } from "./local_rows.ts";

/** Image → the first of some messages whose parts name it. */
function namedIn(messages: Message[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { id, parts } of messages) {
    const names = JSON.stringify(parts ?? []).matchAll(/"chat-archive:image\/([0-9a-f-]{36})"/g);
    for (const [, image] of names) if (!found.has(image!)) found.set(image!, id);
  }
  return found;
}

/** Removes messages with what belongs to them, but for images that another message names. */
export function removeMessages(rows: LocalRows, chat_id: string, ids: string[]): LocalChange[] {
  const gone = new Set(ids);
  const rest = rows.of("chat_messages", chat_id).filter(({ id }) => !gone.has(id));
  const named = namedIn(rest);
  const ofGone = ({ message_id }: { message_id: string | null }) => gone.has(message_id ?? "");
  const images = rows.of("chat_images", chat_id).filter(ofGone);
  const moved = images.filter(({ id }) => named.has(id));
  const lost = images.filter(({ id }) => !named.has(id));
  return [
    ...rows.keep(
      "chat_images",
      moved.map((image) => ({ ...image, message_id: named.get(image.id) })),
    ),
    ...rows.forget("chat_images", lost.map(({ id }) => id)),
    ...rows.forget(
      "search_results",
      rows.of("search_results", chat_id).filter(ofGone).map(({ id }) => id),
    ),
    ...rows.keep(
      "chat_messages",
      rest.filter(({ parent_id }) => gone.has(parent_id ?? ""))
        .map((message) => ({ ...message, parent_id: null })),
    ),
    ...rows.forget("chat_messages", ids),
  ];
}

/** Keeps a list that was saved: it has the images that it names, and what it replaces is gone. */
export function keepSaved(
  rows: LocalRows,
  { chat_id, messages, replaces = [] }: InputOf<"saveMessages">,
  saved: Message[],
): LocalChange[] {
  const listed = new Set(messages.map(({ id }) => id));
  const named = namedIn(saved);
  const loose = rows.of("chat_images", chat_id).filter(({ id, message_id }) =>
    message_id === null && named.has(id)
  );
  return [
    ...rows.keep("chat_messages", saved),
    ...rows.keep(
      "chat_images",
      loose.map((image) => ({ ...image, message_id: named.get(image.id) })),
    ),
    ...removeMessages(rows, chat_id, replaces.filter((id) => !listed.has(id))),
  ];
}

/** Removes a document. What names it stays, without it. */
export function removeDocument(rows: LocalRows, { id, chat_id }: ChatDocument): LocalChange[] {
  const without = (table: "chat_images" | "search_results") =>
    rows.keep(
      table,
      rows.of(table, chat_id).filter(({ document_id }) => document_id === id)
        .map((row) => ({ ...row, document_id: null })),
    );
  return [
    ...rows.forget("chat_documents", [id]),
    ...rows.keepDocumentPath(chat_id),
    ...without("chat_images"),
    ...without("search_results"),
  ];
}
