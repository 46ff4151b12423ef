/**
 * Reads a chat page by page, in order, with the caller's rights. Pages are bounded by rows and by
 * bytes, so that memory does not grow with the chat; while one is written, the next is on its way.
 *
 * @module
 */
import type { Database } from "@shared/database.types.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { Chat, Image, Message, SearchResult } from "@shared/rows.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { query } from "@shared/query.ts";

/** Rows of a page. With more of them an export takes more memory, with fewer more time. */
const PAGE_ROWS = 180;

/** An image or a hit, and the place of its message (0: none). */
interface Item<T> {
  message_seq: number;
  seq: number;
  item: T;
}

/** The tables whose rows belong to messages. */
interface ItemOf {
  chat_images: Image;
  search_results: SearchResult;
}

/** Which rows: those of messages, those of none, or all of them. */
export type Which = Database["public"]["Enums"]["item_scope"];

/** @throws {ChatArchiveError} `not_found` where it is not the caller's */
export async function readChat(db: ArchiveClient, id: string): Promise<Chat> {
  const chat = await query(() => db.from("chats").select().eq("id", id).maybeSingle());
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

/** Pages by key. Bounded by bytes: a short page does not mean the last one, only an empty one does. */
async function* pages<Row>(read: (last: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let next = read(undefined);;) {
    const page = await next;
    if (page.length === 0) return;
    next = read(page.at(-1));
    // Its failure is told where it is awaited; a reader that goes away never asks.
    next.catch(() => {});
    yield page;
  }
}

/** Pages of the chat's messages, by seq. */
export function readMessages(db: ArchiveClient, chatId: string): AsyncGenerator<Message[]> {
  return pages((last) =>
    query(() =>
      db.rpc("chat_messages_page", {
        of_chat: chatId,
        after_seq: last?.seq ?? 0,
        max_rows: PAGE_ROWS,
      })
    ) as Promise<Message[]>
  );
}

/**
 * Pages of the chat's images or hits: all of them by seq, or those of messages in the order of the
 * messages.
 */
export function readItems<T extends keyof ItemOf>(
  db: ArchiveClient,
  table: T,
  chatId: string,
  which: Which,
): AsyncGenerator<Item<ItemOf[T]>[]> {
  return pages((last) =>
    query(() =>
      db.rpc(`${table}_page`, {
        of_chat: chatId,
        scope: which,
        after_message: last?.message_seq ?? 0,
        after_seq: last?.seq ?? 0,
        max_rows: PAGE_ROWS,
      })
    ) as Promise<unknown> as Promise<Item<ItemOf[T]>[]>
  );
}

/** Hands out, message by message, what belongs to each: both sides are in the same order. */
export class Attached<T> {
  #pages: AsyncIterator<Item<T>[]>;
  #page: Item<T>[] = [];
  #index = 0;
  #over = false;

  constructor(pages: AsyncIterator<Item<T>[]>) {
    this.#pages = pages;
  }

  /**
   * The next row that belongs to a message, or undefined after the last one. Rows of messages that
   * were passed over are left out. Most messages have none: the answer is a promise only where a page
   * has to be read.
   */
  next(message: Message): T | undefined | Promise<T | undefined> {
    for (; this.#index < this.#page.length; this.#index++) {
      const { message_seq, item } = this.#page[this.#index]!;
      if (message_seq > message.seq) return undefined;
      if (message_seq < message.seq) continue;
      this.#index++;
      return item;
    }
    return this.#over ? undefined : this.#turn(message);
  }

  async #turn(message: Message): Promise<T | undefined> {
    const { done, value } = await this.#pages.next();
    this.#over = done === true;
    this.#page = value ?? [];
    this.#index = 0;
    return await this.next(message);
  }
}
