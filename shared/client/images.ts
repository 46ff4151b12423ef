import { searchResultOf } from "./boxes.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { filesOfChat } from "./files_of_chat.ts";
import { items } from "./items.ts";
import { operateEach } from "./operation.ts";
import type { Image, SearchResult } from "./rows.ts";

/** Whose images, documents or search results. */
export interface ReadItems extends CallOptions {
  chat_id: string;
}

/** Images of a chat in order of upload, those of its messages and the others, read page by page. */
export function images(
  connection: Connection,
  { chat_id, signal }: ReadItems,
): AsyncGenerator<Image, void, undefined> {
  const facts = { operation: "images", chat_id, signal, input: { chat_id } };
  return operateEach(
    connection,
    facts,
    (operation) => filesOfChat<Image>(operation, "chat_images", chat_id),
  );
}

/** Search results of a chat, read page by page: those of its messages in order, then the others. */
export function searchResults(
  connection: Connection,
  { chat_id, signal }: ReadItems,
): AsyncGenerator<SearchResult, void, undefined> {
  const facts = { operation: "searchResults", chat_id, signal, input: { chat_id } };
  return operateEach(connection, facts, async function* (operation) {
    for (const scope of ["attached", "loose"] as const) {
      for await (const { item } of items(operation, "search_results", chat_id, scope)) {
        yield searchResultOf(item);
      }
    }
  });
}
