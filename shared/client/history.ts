import type { Connection } from "./connection.ts";
import type { Item } from "../item_pages.ts";
import { items } from "./items.ts";
import { messagePages, type ReadMessages } from "./messages.ts";
import { operateEach } from "./operation.ts";
import type { Message, MessageWithItems } from "./rows.ts";

/** Hands out, message by message, what belongs to each: both sides are in the same order. */
function attachedTo<T>(source: AsyncIterator<Item<T>>): (message: Message) => Promise<T[]> {
  let next: IteratorResult<Item<T>> | undefined;
  return async ({ seq }) => {
    const result: T[] = [];
    for (;; next = undefined) {
      next ??= await source.next();
      if (next.done || next.value.message_seq > seq) return result;
      // What came to an earlier message after it was given is passed over.
      if (next.value.message_seq === seq) result.push(next.value.item);
    }
  };
}

/**
 * Messages of a chat in order, each with its images and search results, read page by page. Images and
 * search results that belong to no message are in {@link images} and {@link searchResults}.
 */
export function history(
  connection: Connection,
  { chat_id, after, signal }: ReadMessages,
): AsyncGenerator<MessageWithItems, void, undefined> {
  const facts = { operation: "history", chat_id, signal };
  return operateEach(connection, facts, async function* (operation) {
    const imagesOf = attachedTo(items(operation, "chat_images", chat_id, "attached", after));
    const resultsOf = attachedTo(items(operation, "search_results", chat_id, "attached", after));
    for await (const page of messagePages(operation, chat_id, after)) {
      for (const message of page) {
        const [images, search_results] = [await imagesOf(message), await resultsOf(message)];
        yield { ...message, images, search_results };
      }
    }
  });
}
