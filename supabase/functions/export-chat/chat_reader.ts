/**
 * Reads a chat page by page, in order, with the caller's rights. Pages are bounded by rows and by
 * bytes, so that memory does not grow with the chat; while one is written, the next is on its way.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { type Item, type ItemOf, itemPages, type ItemScope, pages } from "@shared/item_pages.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Chat, Message } from "@shared/rows.ts";
import { ahead } from "../_shared/ahead.ts";

/** Rows of a page. With more of them an export takes more memory, with fewer more time. */
const PAGE_ROWS = 180;

/** @throws {ChatArchiveError} `not_found` where it is not the caller's */
export async function readChat(db: ArchiveClient, id: string): Promise<Chat> {
  const chat = await query(() => db.from("chats").select().eq("id", id).maybeSingle());
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

/** Pages of the chat's messages, by seq. */
export function readMessages(db: ArchiveClient, chatId: string): AsyncGenerator<Message[]> {
  return ahead(pages<Message>((last) =>
    query(() =>
      db.rpc("chat_messages_page", {
        of_chat: chatId,
        after_seq: last?.seq ?? 0,
        max_rows: PAGE_ROWS,
      })
    ) as Promise<Message[]>
  ));
}

/** Pages of the chat's images or search results. */
export function readItems<T extends keyof ItemOf>(
  db: ArchiveClient,
  table: T,
  chat_id: string,
  scope: ItemScope,
): AsyncGenerator<Item<ItemOf[T]>[]> {
  return ahead(itemPages(db, table, { chat_id, scope, max_rows: PAGE_ROWS }));
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
