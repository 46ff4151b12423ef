import type { ItemOf } from "../item_pages.ts";
import { HISTORY_PER_PAGE } from "../limits.ts";
import { query } from "../query.ts";
import { searchResultOf } from "./boxes.ts";
import type { Connection } from "./connection.ts";
import { items } from "./items.ts";
import { messageWindow, type ReadMessages } from "./message_window.ts";
import { operateEach, type Operation } from "./operation.ts";
import type { Image, Message, MessageWithItems } from "./rows.ts";

/** A row of history_page. Both lists are null where the message alone has more than fits in a page. */
interface HistoryRow {
  message: Message;
  images: Image[] | null;
  search_results: object[] | null;
}

/** What belongs to one message, read by pages of its own. */
async function attached<T extends keyof ItemOf>(
  operation: Operation,
  table: T,
  { chat_id, seq }: Message,
): Promise<ItemOf[T][]> {
  const found: ItemOf[T][] = [];
  for await (const { message_seq, item } of items(operation, table, chat_id, "attached", seq)) {
    if (message_seq > seq) break;
    found.push(item);
  }
  return found;
}

/**
 * Messages of a chat in order, or the newest first, each with its images and search results: one
 * request a page of 50. Images and search results that belong to no message are in {@link images} and
 * {@link searchResults}.
 *
 * @throws {ChatArchiveError} as {@link messages}
 */
export function history(
  connection: Connection,
  { signal, ...window }: ReadMessages,
): AsyncGenerator<MessageWithItems, void, undefined> {
  const facts = { operation: "history", chat_id: window.chat_id, signal, input: window };
  return operateEach(connection, facts, async function* (operation) {
    const rows = messageWindow(
      window,
      HISTORY_PER_PAGE,
      (page) =>
        query(() =>
          operation.connection.supabase.rpc("history_page", page).abortSignal(operation.limit())
        ) as Promise<unknown> as Promise<HistoryRow[]>,
      // What the next message's images and search results take can't be known.
      ({ message: { seq } }) => ({ seq, bytes: Infinity }),
    );
    for await (const { message, images, search_results } of rows) {
      yield {
        ...message,
        images: images ?? await attached(operation, "chat_images", message) as Image[],
        search_results: (search_results ?? await attached(operation, "search_results", message))
          .map(searchResultOf),
      };
    }
  });
}
