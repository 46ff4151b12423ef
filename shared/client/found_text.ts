import type { Database } from "../database.types.ts";
import type { CallOptions } from "./connection.ts";
import type { Box } from "./rows.ts";

/** What a search finds, in the order of its results. */
export type SearchKind = Database["public"]["Enums"]["search_kind"];

/** What is searched for, and where. */
export interface SearchQuery {
  /**
   * Words, each of which must be there in whatever form; the last one may be its beginning. `"in
   * quotes"`: this phrase; `-word`: without it; `or` between two: either. At most 1,000 characters and
   * 64 words.
   */
  query: string;
  /** Only in this chat, archived or not. */
  chat_id?: string | undefined;
  /** Only these; by default all. */
  kinds?: SearchKind[] | undefined;
  /** Archived chats, too. */
  include_archived?: boolean | undefined;
}

/** Which page of the results. */
export interface SearchPageQuery extends SearchQuery, CallOptions {
  /** Results on the page, 1–100; 20. */
  limit?: number | undefined;
  /** `next` of the page before, of the same search. */
  after?: string | undefined;
}

/** A text that a search found. */
export interface FoundText {
  kind: SearchKind;
  chat_id: string;
  chat_title: string;
  /** The message itself, or the one that an image or a search result belongs to. */
  message_id: string | null;
  image_id: string | null;
  /** The document itself, or the one that an image shows or that a search result was found in. */
  document_id: string | null;
  search_result_id: string | null;
  /** Of an image or a search result. */
  page_number: number | null;
  /** Of an image or a search result: where on its page. */
  coords_norm: Box[] | null;
  /** A part of the text around what was found, as it is written. Show it as text, not as markup. */
  snippet: string;
  /** What was found in the snippet: offsets in UTF-16 code units, as `slice` takes them. */
  matches: [start: number, end: number][];
  /** How well it matches, 0 or more; comparable within one kind. */
  rank: number;
  created_at: string;
  /** Present and true where the server could not be asked: this device found it, by words' beginnings. */
  local?: true;
}

/** One page of results. */
export interface SearchPage {
  results: FoundText[];
  /** Pass as `after` for the next page. Absent on the last one. */
  next?: string;
  /** Present and true where the server could not be asked: only what this device knows was searched. */
  local?: true;
}
