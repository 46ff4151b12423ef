/** Search over the rows of a device, without stems and ranks: each word is the beginning of one. */
import { ChatArchiveError } from "../../errors.ts";
import type {
  FoundText,
  SearchKind,
  SearchPage,
  SearchPageQuery,
  SearchQuery,
} from "../found_text.ts";
import { searchLimit } from "../search_page.ts";
import type { Chat, ChatDocument, Image, Message, SearchResult } from "../rows.ts";

/** The rows that are searched. */
export interface SearchedRows {
  chats: Iterable<Chat>;
  chat_messages: Iterable<Message>;
  chat_documents: Iterable<ChatDocument>;
  chat_images: Iterable<Image>;
  search_results: Iterable<SearchResult>;
}

const KINDS: SearchKind[] = ["title", "document", "message", "image", "search_result"];
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Characters of a snippet, at most, and of what comes before the first match. */
const SNIPPET_SIZE = 240;
const BEFORE = 60;

/** A word as the server compares it: case, ё and the form of a character make no difference. */
const plain = (word: string) => word.normalize("NFKC").toLowerCase().replaceAll("ё", "е");

/** What a query asks for: words that must be there, and words that must not. */
function wordsOf(query: string): { wanted: string[]; unwanted: string[] } {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const [, minus, phrase, word] of query.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    const words = (phrase ?? word ?? "").match(WORD) ?? [];
    (minus ? unwanted : wanted).push(...words.map(plain));
  }
  return { wanted, unwanted };
}

/** Where words of a text begin with one of these: each with the number of its word. */
function placesOf(text: string, words: string[]): [start: number, end: number, word: number][] {
  const places: [number, number, number][] = [];
  for (const { 0: found, index } of text.matchAll(WORD)) {
    const word = plain(found);
    const n = words.findIndex((beginning) => word.startsWith(beginning));
    if (n >= 0) places.push([index, index + found.length, n]);
  }
  return places;
}

/** Whether every word begins one of the text. */
function hasAll(text: string, words: string[]): boolean {
  const found = text.match(WORD)?.map(plain) ?? [];
  return words.every((beginning) => found.some((word) => word.startsWith(beginning)));
}

/** A part of a text around its first match, cut between words where it can be. */
function snippetOf(text: string, words: string[]): Pick<FoundText, "snippet" | "matches"> {
  const places = placesOf(text, words);
  let from = 0;
  let to = text.length;
  if (text.length > SNIPPET_SIZE) {
    const first = places[0]?.[0] ?? 0;
    from = Math.max(0, first - BEFORE);
    if (from > 0) from += text.slice(from, first).search(/\s/) + 1;
    to = Math.min(text.length, from + SNIPPET_SIZE);
    // Not between the two halves of a character.
    if (isLowSurrogate(text, from)) from++;
    if (isLowSurrogate(text, to)) to--;
  }
  return {
    snippet: text.slice(from, to),
    matches: places.filter(([start]) => start >= from && start < to)
      .map(([start, end]) => [start - from, Math.min(end, to) - from]),
  };
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

type Place = Omit<FoundText, "kind" | "chat_title" | "snippet" | "matches" | "rank" | "local">;

/** Each text of the rows, and where it is. */
function* texts(rows: SearchedRows): Generator<[SearchKind, string | null, Place]> {
  const nowhere = {
    message_id: null,
    image_id: null,
    document_id: null,
    search_result_id: null,
    page_number: null,
    coords_norm: null,
  };
  for (const { id, title, created_at } of rows.chats) {
    yield ["title", title, { ...nowhere, chat_id: id, created_at }];
  }
  for (const { id, chat_id, name, uploaded_at } of rows.chat_documents) {
    yield ["document", name, { ...nowhere, chat_id, document_id: id, created_at: uploaded_at }];
  }
  for (const { id, chat_id, content, created_at } of rows.chat_messages) {
    yield ["message", content, { ...nowhere, chat_id, message_id: id, created_at }];
  }
  for (const row of rows.chat_images) {
    const { id, description, uploaded_at: created_at, coords_norm, ...image } = row;
    const { chat_id, message_id, document_id, page_number } = image;
    const coords = coords_norm ? [coords_norm] : null;
    yield ["image", description, {
      ...{ ...nowhere, chat_id, message_id, document_id, page_number, created_at },
      image_id: id,
      coords_norm: coords,
    }];
  }
  for (
    const { id, block_text, created_at, coords_norm, ...result } of rows.search_results
  ) {
    const { chat_id, message_id, document_id, page_number } = result;
    yield ["search_result", block_text, {
      ...{ ...nowhere, chat_id, message_id, document_id, page_number, coords_norm, created_at },
      search_result_id: id,
    }];
  }
}

/**
 * Finds texts in rows that are at hand: those that have, for each word of the query, a word that begins
 * with it. Kinds come in the server's order, within a kind the newest first; rank is 0. A phrase is its
 * words, and `or` is a word.
 *
 * @param rows of one user
 */
export function localSearch(
  rows: SearchedRows,
  { query, chat_id, kinds = KINDS, include_archived = false }: SearchQuery,
): FoundText[] {
  const { wanted, unwanted } = wordsOf(query);
  if (wanted.length === 0) return [];
  const chats = new Map(Array.from(rows.chats, (chat) => [chat.id, chat]));
  const found: FoundText[] = [];
  for (const [kind, text, place] of texts(rows)) {
    const chat = chats.get(place.chat_id);
    if (!text || !chat || !kinds.includes(kind)) continue;
    if (chat_id ? place.chat_id !== chat_id : chat.is_archived && !include_archived) continue;
    if (!hasAll(text, wanted) || unwanted.some((word) => hasAll(text, [word]))) continue;
    found.push({
      kind,
      chat_title: chat.title,
      ...place,
      ...snippetOf(text, wanted),
      rank: 0,
      local: true,
    });
  }
  return found.sort((a, b) =>
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    Date.parse(b.created_at) - Date.parse(a.created_at)
  );
}

/** The cursor of a page that a device made: how many results came before. */
const CURSOR = /^local:(\d+)$/;

/**
 * A page of it.
 *
 * @throws {ChatArchiveError} `database_unavailable` where the page before was the server's
 */
export function localSearchPage(rows: SearchedRows, input: SearchPageQuery): SearchPage {
  const limit = searchLimit(input);
  const from = input.after === undefined ? 0 : Number(CURSOR.exec(input.after)?.[1]);
  if (Number.isNaN(from)) {
    const message = "the backend can't be reached, and it has begun this search";
    throw new ChatArchiveError("database_unavailable", message);
  }
  const found = localSearch(rows, input);
  const to = from + limit;
  return {
    results: found.slice(from, to),
    ...(found.length > to ? { next: `local:${to}` } : {}),
    local: true,
  };
}
