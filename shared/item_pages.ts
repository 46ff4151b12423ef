/**
 * Pages of what belongs to a chat's messages: its images and search results.
 *
 * @module
 */
import type { Database } from "./database.types.ts";
import { query } from "./query.ts";
import type { ArchiveClient, Image, SearchResult } from "./rows.ts";

/** An image or a search result, and the seq of its message (0: it belongs to none). */
export interface Item<T> {
  message_seq: number;
  seq: number;
  item: T;
}

/** The tables whose rows belong to messages. */
export interface ItemOf {
  chat_images: Image;
  search_results: SearchResult;
}

/** Which rows: those of messages in the messages' order, those of none, or all of them by seq. */
export type ItemScope = Database["public"]["Enums"]["item_scope"];

/** What is read. */
export interface ItemPagesOptions {
  chat_id: string;
  scope: ItemScope;
  /** Only what belongs to messages with this seq or a greater one. */
  after_message?: number;
  /** Rows of a page at most; by default as many as the database gives. */
  max_rows?: number;
  /** Makes the signal that ends one page's query. */
  signal?: () => AbortSignal;
}

/**
 * Reads page after page by key. They are bounded by bytes, too: a short page does not mean the last
 * one, only an empty one does.
 *
 * @param read gives the page after a row; the first one without
 */
export async function* pages<Row>(
  read: (last: Row | undefined) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let last: Row | undefined;
  do {
    const page = await read(last);
    last = page.at(-1);
    if (last !== undefined) yield page;
  } while (last !== undefined);
}

/**
 * Pages of a chat's images or search results.
 *
 * @throws {ChatArchiveError} by the table of codes
 */
export function itemPages<T extends keyof ItemOf>(
  db: ArchiveClient,
  table: T,
  { chat_id, scope, after_message = 0, max_rows, signal }: ItemPagesOptions,
): AsyncGenerator<Item<ItemOf[T]>[]> {
  return pages<Item<ItemOf[T]>>((last) =>
    query(() => {
      const page = db.rpc(`${table}_page`, {
        of_chat: chat_id,
        scope,
        after_message: last?.message_seq ?? after_message,
        after_seq: last?.seq ?? 0,
        ...(max_rows === undefined ? {} : { max_rows }),
      });
      return signal ? page.abortSignal(signal()) : page;
    }) as Promise<unknown> as Promise<Item<ItemOf[T]>[]>
  );
}
