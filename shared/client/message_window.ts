import { fieldError } from "../errors.ts";
import { PAGE_BYTES } from "../limits.ts";
import type { CallOptions } from "./connection.ts";
import { FIRST_LOCAL_SEQ } from "./local_seq.ts";

/** Which messages of a chat, and in which order. */
export interface ReadMessages extends CallOptions {
  chat_id: string;
  /** asc, the default: the oldest first; desc: the newest first. */
  order?: "asc" | "desc" | undefined;
  /** Messages at most, from 1; by default all. */
  limit?: number | undefined;
  /** Only those whose seq is greater: pass the last one seen to read on from there. */
  after?: number | undefined;
  /** Only those whose seq is smaller: with `order: "desc"`, pass the last one seen to read on. */
  before?: number | undefined;
}

/** @throws {ChatArchiveError} `invalid_request`: by the server's numbers nothing would ever follow it */
export function assertServerSeq(after: number | undefined): void {
  if (after === undefined || after < FIRST_LOCAL_SEQ) return;
  throw fieldError("invalid_request", ["after"], "must be of a saved row");
}

/** @throws {ChatArchiveError} `invalid_request` where order or limit is none */
export function assertWindow({ order, limit = 1 }: ReadMessages): void {
  if (![undefined, "asc", "desc"].includes(order)) {
    throw fieldError("invalid_request", ["order"], "asc or desc");
  }
  if (!(limit >= 1)) throw fieldError("invalid_request", ["limit"], "1 or more");
}

/** The arguments of one page, as chat_messages_page and history_page take them. */
export interface PageArguments {
  of_chat: string;
  descending: boolean;
  max_rows: number;
  max_bytes: number;
  after_seq?: number;
  before_seq?: number;
}

/**
 * Reads the messages of a window page by page, by key: others may add and delete meanwhile.
 *
 * @param most rows of a page
 * @param read a page
 * @param factsOf a row's seq, and what counts of it: a page has fewer rows than asked for where this reaches
 *   PAGE_BYTES, or where there are no more. Where it always reaches them, only an empty page is the last
 */
export async function* messageWindow<Row>(
  window: ReadMessages,
  most: number,
  read: (page: PageArguments) => Promise<Row[]>,
  factsOf: (row: Row) => { seq: number; bytes: number },
): AsyncGenerator<Row, void, undefined> {
  assertWindow(window);
  assertServerSeq(window.after);
  const { chat_id: of_chat, order, limit = Infinity, after: after_seq, before: before_seq } =
    window;
  const descending = order === "desc";
  // JSON leaves out what is undefined.
  const page = {
    of_chat,
    descending,
    after_seq,
    before_seq,
    max_bytes: PAGE_BYTES,
  } as PageArguments;
  for (let left = Math.floor(limit); left > 0;) {
    page.max_rows = Math.min(left, most);
    const rows = await read(page);
    yield* rows;
    const bytes = rows.reduce((sum, row) => sum + factsOf(row).bytes, 0);
    if (rows.length < page.max_rows && bytes < PAGE_BYTES) return;
    left -= rows.length;
    page[descending ? "before_seq" : "after_seq"] = factsOf(rows.at(-1)!).seq;
  }
}
