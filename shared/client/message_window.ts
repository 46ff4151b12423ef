import { fieldError } from "../errors.ts";
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
  const message = "is of a row that was not saved then: use the last one that was";
  throw fieldError("invalid_request", ["after"], message);
}

/** @throws {ChatArchiveError} `invalid_request` where order or limit is none */
export function assertWindow({ order, limit = 1 }: ReadMessages): void {
  if (order !== undefined && order !== "asc" && order !== "desc") {
    throw fieldError("invalid_request", ["order"], "asc or desc");
  }
  if (!(limit >= 1)) throw fieldError("invalid_request", ["limit"], "1 or more");
}

/** The arguments of one page, as chat_messages_page and history_page take them. */
export interface PageArguments {
  of_chat: string;
  descending: boolean;
  max_rows: number;
  after_seq?: number;
  before_seq?: number;
}

/**
 * Reads the messages of a window page by page, by key: others may add and delete meanwhile.
 *
 * @param most rows of a page
 * @param read a page; it is bounded by bytes too, so that only an empty one is the last
 */
export async function* messageWindow<Row>(
  window: ReadMessages,
  most: number,
  read: (page: PageArguments) => Promise<Row[]>,
  seqOf: (row: Row) => number,
): AsyncGenerator<Row, void, undefined> {
  assertWindow(window);
  assertServerSeq(window.after);
  const { chat_id: of_chat, order, limit = Infinity, after, before } = window;
  const page: PageArguments = {
    of_chat,
    descending: order === "desc",
    max_rows: most,
    ...(after === undefined ? {} : { after_seq: after }),
    ...(before === undefined ? {} : { before_seq: before }),
  };
  for (let left = Math.floor(limit); left > 0;) {
    page.max_rows = Math.min(left, most);
    const rows = await read(page);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield* rows;
    left -= rows.length;
    page[page.descending ? "before_seq" : "after_seq"] = seqOf(last);
  }
}
