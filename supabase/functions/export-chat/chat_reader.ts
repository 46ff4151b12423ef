/**
 * Reads a chat page by page, in order, with the caller's rights.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { Chat, Hit, Image, Message } from "@shared/markdown/render.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import { chunked, IDS_PER_QUERY, query } from "../_shared/query.ts";

/** A message with what belongs to it. */
export interface Entry {
  message: Message;
  images: Image[];
  hits: Hit[];
}

/** PostgREST's max_rows: a longer answer would be cut without an error. */
const PAGE = 1000;

/** @throws {ChatArchiveError} `not_found` where it is not the caller's */
export async function readChat(db: ArchiveClient, id: string): Promise<Chat> {
  const chat = await query(() => db.from("chats").select().eq("id", id).maybeSingle());
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

/** All rows of a keyset-paged query. */
async function* paged<T extends { seq: number }>(
  page: (after: number) => PromiseLike<T[]>,
): AsyncGenerator<T> {
  for (let after = 0;;) {
    const rows = await page(after);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.seq;
  }
}

/** Rows of a table that belong to some messages, by message. */
async function byMessage<T extends { seq: number; message_id: string | null }>(
  ids: string[],
  page: (ids: string[], after: number) => PromiseLike<T[]>,
): Promise<Map<string, T[]>> {
  const grouped = new Map<string, T[]>();
  for (const some of chunked(ids, IDS_PER_QUERY)) {
    for await (const row of paged((after) => page(some, after))) {
      const list = grouped.get(row.message_id!) ?? [];
      if (list.length === 0) grouped.set(row.message_id!, list);
      list.push(row);
    }
  }
  return grouped;
}

/** Messages in order, each with its images and hits. */
export async function* readEntries(db: ArchiveClient, chatId: string): AsyncGenerator<Entry> {
  const rows = (table: "chat_images" | "search_results", ids: string[], after: number) =>
    db.from(table).select().in("message_id", ids).gt("seq", after).order("seq").limit(PAGE);

  for (let after = 0;;) {
    // Bounded by bytes, so a short page does not mean the last one.
    const messages = await query(() =>
      db.rpc("chat_messages_page", { of_chat: chatId, after_seq: after })
    );
    if (messages.length === 0) return;
    const ids = messages.map(({ id }) => id);
    const [images, hits] = await Promise.all([
      byMessage(
        ids,
        (some, seq) => query(() => rows("chat_images", some, seq)) as Promise<Image[]>,
      ),
      byMessage(
        ids,
        (some, seq) => query(() => rows("search_results", some, seq)) as Promise<Hit[]>,
      ),
    ]);
    for (const message of messages) {
      yield {
        message,
        images: images.get(message.id) ?? [],
        hits: hits.get(message.id) ?? [],
      };
    }
    after = messages.at(-1)!.seq;
  }
}

/** Images that belong to no message. */
export function readLooseImages(db: ArchiveClient, chatId: string): AsyncGenerator<Image> {
  return paged((after) =>
    query(() =>
      db.from("chat_images").select().eq("chat_id", chatId).is("message_id", null)
        .gt("seq", after).order("seq").limit(PAGE)
    )
  );
}

/** Hits that belong to no message. */
export function readLooseHits(db: ArchiveClient, chatId: string): AsyncGenerator<Hit> {
  return paged((after) =>
    query(() =>
      db.from("search_results").select().eq("chat_id", chatId).is("message_id", null)
        .gt("seq", after).order("seq").limit(PAGE)
    )
  );
}

/** Real name and type of the chat's document, where there is one. */
export async function readDocument(db: ArchiveClient, chat: Chat) {
  const key = chat.document_path;
  if (key === null) return null;
  const upload = await query(() =>
    db.from("uploads").select("file_name, content_type").eq("s3_path", key).maybeSingle()
  );
  return {
    key,
    fileName: upload?.file_name ?? "document.pdf",
    contentType: upload?.content_type ?? "application/pdf",
  };
}
