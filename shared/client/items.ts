import { type Item, type ItemOf, itemPages } from "../item_pages.ts";
import type { Operation } from "./operation.ts";

/** All rows of a table in order: those of the chat's messages, or those that belong to none. */
export async function* items<T extends keyof ItemOf>(
  { connection: { supabase }, limit }: Operation,
  table: T,
  chat_id: string,
  scope: "attached" | "loose",
  after_message = 0,
): AsyncGenerator<Item<ItemOf[T]>> {
  const options = { chat_id, scope, after_message, signal: () => limit() };
  for await (const page of itemPages(supabase, table, options)) yield* page;
}
