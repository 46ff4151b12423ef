import { IMAGES_PER_PAGE } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { items } from "./items.ts";
import { operateEach } from "./operation.ts";
import type { Image, SearchResult } from "./rows.ts";

/** Whose images or search results. */
export interface ReadItems extends CallOptions {
  chat_id: string;
}

/** Images of a chat in order of upload, those of its messages and the others, read page by page. */
export function images(
  connection: Connection,
  { chat_id, signal }: ReadItems,
): AsyncGenerator<Image, void, undefined> {
  const facts = { operation: "images", chat_id, signal };
  return operateEach(connection, facts, async function* ({ limit }) {
    for (let after = 0;;) {
      const page = await query(() =>
        connection.supabase.from("chat_images").select().eq("chat_id", chat_id).gt("seq", after)
          .order("seq").limit(IMAGES_PER_PAGE).retry(false).abortSignal(limit())
      );
      yield* page;
      if (page.length < IMAGES_PER_PAGE) return;
      after = page.at(-1)!.seq;
    }
  });
}

/** Search results of a chat, read page by page: those of its messages in order, then the others. */
export function searchResults(
  connection: Connection,
  { chat_id, signal }: ReadItems,
): AsyncGenerator<SearchResult, void, undefined> {
  const facts = { operation: "searchResults", chat_id, signal };
  return operateEach(connection, facts, async function* (operation) {
    for (const scope of ["attached", "loose"] as const) {
      for await (const { item } of items(operation, "search_results", chat_id, scope)) {
        yield item;
      }
    }
  });
}
