import { type Boxes, searchResultOf } from "./boxes.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { identified } from "./given.ts";
import { insertOnce } from "./insert_once.ts";
import { operate } from "./operation.ts";
import type { Metadata, SearchResult } from "./rows.ts";

/** A new search result. */
export interface NewSearchResult {
  /** Chosen by the caller, so that the call can be repeated; by default a new one. */
  id?: string;
  /** The message that cites it. */
  message_id?: string | null;
  /** The document of the chat in which it was found. */
  document_id?: string | null;
  /** The application's name of the block in the document. */
  block_id: string;
  /** From 1. */
  page_number: number;
  /** At most 64 KiB. */
  block_text?: string | null;
  /** Finite. */
  score?: number | null;
  /** One box or several, as fractions of the page (0–1). */
  coords_norm?: Boxes | null;
  /** One box or several, in pixels of the rendered page. */
  coords_px?: Boxes | null;
  /** The application's own JSON object, at most 64 KiB. */
  metadata?: Metadata;
  /** By default now. */
  created_at?: string;
}

/** Search results for one chat. */
export interface AddSearchResults extends CallOptions {
  chat_id: string;
  search_results: NewSearchResult[];
}

/**
 * Adds search results to a chat, in order. It splits and repeats as {@link addMessages} does.
 *
 * @returns the stored search results, in the order given
 * @throws {ChatArchiveError} `not_found` where the chat, message or document is not the caller's, `conflict`,
 *   `invalid_request`
 */
export function addSearchResults(
  connection: Connection,
  { chat_id, search_results, signal }: AddSearchResults,
): Promise<SearchResult[]> {
  const input = { chat_id, search_results };
  const facts = { operation: "addSearchResults", chat_id, signal, input };
  return operate(connection, facts, async (operation) => {
    operation.note({ count: search_results.length });
    const rows = identified(chat_id, search_results);
    return (await insertOnce(operation, "search_results", rows)).map(searchResultOf);
  });
}
