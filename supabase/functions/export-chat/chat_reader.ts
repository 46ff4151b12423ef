/**
 * Reads a chat page by page, in order, with the caller's rights. Pages are bounded by rows and by
 * bytes, so that memory does not grow with the chat.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { Chat, Hit, Image, Message } from "@shared/markdown/render.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import { query } from "../_shared/query.ts";

/** A message with what belongs to it. Read images and hits before the next message. */
export interface Entry {
  message: Message;
  images: AsyncIterable<Image>;
  hits: AsyncIterable<Hit>;
}

/** An image or a hit, and the place of its message (0: none). */
interface Item<T> {
  message_seq: number;
  seq: number;
  item: T;
}

/** The tables whose rows belong to messages. */
interface ItemOf {
  chat_images: Image;
  search_results: Hit;
}

/** @throws {ChatArchiveError} `not_found` where it is not the caller's */
export async function readChat(db: ArchiveClient, id: string): Promise<Chat> {
  const chat = await query(() => db.from("chats").select().eq("id", id).maybeSingle());
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

/** All rows of a table: those of the chat's messages, or those that belong to none. */
async function* readItems<T extends keyof ItemOf>(
  db: ArchiveClient,
  table: T,
  of_chat: string,
  attached: boolean,
): AsyncGenerator<Item<ItemOf[T]>> {
  for (let after = { message_seq: 0, seq: 0 };;) {
    const page = await query(() =>
      db.rpc(`${table}_page`, {
        of_chat,
        attached,
        after_message: after.message_seq,
        after_seq: after.seq,
      })
    ) as unknown as Item<ItemOf[T]>[];
    yield* page;
    // Bounded by bytes: a short page does not mean the last one.
    if (page.length === 0) return;
    after = page.at(-1)!;
  }
}

/** Hands out, message by message, what belongs to each: both sides are in the same order. */
class Attached<T> {
  #items: AsyncIterator<Item<T>>;
  #next: Promise<IteratorResult<Item<T>>> | undefined;

  constructor(items: AsyncIterable<Item<T>>) {
    this.#items = items[Symbol.asyncIterator]();
  }

  /** What belongs to a message. What was left of earlier ones is passed over. */
  async *of({ seq }: Message): AsyncGenerator<T> {
    for (;;) {
      const { done, value } = await (this.#next ??= this.#items.next());
      if (done || value.message_seq > seq) return;
      this.#next = undefined;
      if (value.message_seq === seq) yield value.item;
    }
  }
}

/** Messages in order, each with its images and hits. */
export async function* readEntries(db: ArchiveClient, chatId: string): AsyncGenerator<Entry> {
  const images = new Attached<Image>(readItems(db, "chat_images", chatId, true));
  const hits = new Attached<Hit>(readItems(db, "search_results", chatId, true));
  for (let after = 0;;) {
    const messages = await query(() =>
      db.rpc("chat_messages_page", { of_chat: chatId, after_seq: after })
    );
    if (messages.length === 0) return;
    for (const message of messages) {
      yield { message, images: images.of(message), hits: hits.of(message) };
    }
    after = messages.at(-1)!.seq;
  }
}

/** Images or hits that belong to no message. */
export async function* readLoose<T extends keyof ItemOf>(
  db: ArchiveClient,
  table: T,
  chatId: string,
): AsyncGenerator<ItemOf[T]> {
  for await (const { item } of readItems(db, table, chatId, false)) yield item;
}
