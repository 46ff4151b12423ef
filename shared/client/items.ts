import { query } from "../query.ts";
import type { Operation } from "./operation.ts";
import type { Image, SearchResult } from "./rows.ts";

/** An image or a hit, and the place of its message (0: none). */
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

/** All rows of a table in order: those of the chat's messages, or those that belong to none. */
export async function* items<T extends keyof ItemOf>(
  { connection: { supabase }, limit }: Operation,
  table: T,
  of_chat: string,
  attached: boolean,
  after_message = 0,
): AsyncGenerator<Item<ItemOf[T]>> {
  for (let after = { message_seq: after_message, seq: 0 };;) {
    const page = await query(() =>
      supabase.rpc(`${table}_page`, {
        of_chat,
        scope: attached ? "attached" : "loose",
        after_message: after.message_seq,
        after_seq: after.seq,
      }).abortSignal(limit())
    ) as unknown as Item<ItemOf[T]>[];
    yield* page;
    if (page.length === 0) return;
    after = page.at(-1)!;
  }
}
