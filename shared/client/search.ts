import type { CallOptions, Connection } from "./connection.ts";
import type { FoundText, SearchPage, SearchPageQuery, SearchQuery } from "./found_text.ts";
import { searchPage } from "./search_page.ts";

/** All pages of a search, one after the other. @param read gives one */
export async function* searchPages(
  input: SearchQuery & CallOptions,
  read: (page: SearchPageQuery) => Promise<SearchPage>,
): AsyncGenerator<FoundText, void, undefined> {
  // A row that somebody changes meanwhile may move to a later page.
  const seen = new Set<string | null>();
  let after: string | undefined;
  do {
    const { results, next } = await read({ ...input, after });
    for (const found of results) {
      const { kind, search_result_id, image_id, message_id, document_id, chat_id } = found;
      const key = kind +
        (search_result_id ?? image_id ?? (kind === "document" ? document_id : message_id) ??
          chat_id);
      if (!seen.has(key)) yield found;
      seen.add(key);
    }
    after = next;
  } while (after);
}

/** Everything that a search finds, page by page, in the order of searchPage. */
export function search(
  connection: Connection,
  input: SearchQuery & CallOptions,
): AsyncGenerator<FoundText, void, undefined> {
  return searchPages(input, (page) => searchPage(connection, page));
}
