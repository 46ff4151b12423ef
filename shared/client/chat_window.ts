import { fieldError } from "../errors.ts";
import { MAX_ROWS } from "../limits.ts";
import type { CallOptions } from "./connection.ts";
import type { Chat, Metadata } from "./rows.ts";

/** By what a list of chats is sorted, the newest first: when they began, or their last activity. */
export type ChatOrder = "created_at" | "updated_at";

/** The position of a chat in a list: `next` of a page. */
export interface ChatCursor {
  /** Of a list by creation. */
  created_at?: string;
  /** Of a list by last activity. */
  updated_at?: string;
  id: string;
}

/** Which chats, and in which order. */
export interface ChatFilter {
  /** created_at by default. */
  order?: ChatOrder | undefined;
  /** Only archived ones, or only the others; by default both. */
  is_archived?: boolean | undefined;
  /** Only those whose metadata holds all of this: `{ project: "a" }` finds `{ project: "a", n: 1 }`. */
  metadata?: Metadata | undefined;
  /** Only the one to which a framework gave this id. */
  external_id?: string | undefined;
}

/** Which page of the list. */
export interface ListChats extends ChatFilter, CallOptions {
  /** Chats on the page, 1–1000; 50. */
  limit?: number | undefined;
  /** `next` of the page before. */
  after?: ChatCursor | undefined;
}

/** One page of the list, newest first. */
export interface ChatPage {
  chats: Chat[];
  /** Pass as `after` for the next page. Absent on the last one. */
  next?: ChatCursor;
  /** Present and true where the server could not be asked: these are the chats this device knows. */
  local?: true;
}

const CURSOR = /^[\w:.+-]+$/;

/** A list that can be asked for. @throws {ChatArchiveError} `invalid_request` */
export function chatWindow(
  { limit = 50, order = "created_at", after }: ListChats,
): { limit: number; order: ChatOrder; after: { time: string; id: string } | undefined } {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ROWS) {
    throw fieldError("invalid_request", ["limit"], `1 to ${MAX_ROWS}`);
  }
  if (order !== "created_at" && order !== "updated_at") {
    throw fieldError("invalid_request", ["order"], "created_at or updated_at");
  }
  if (!after) return { limit, order, after };
  const { [order]: time = "", id } = after;
  if (!CURSOR.test(time) || !CURSOR.test(id)) {
    throw fieldError("invalid_request", ["after"], "must be `next` of another page of this order");
  }
  return { limit, order, after: { time, id } };
}

/** The page that rows make. @param more whether others follow */
export function chatPage(chats: Chat[], order: ChatOrder, more: boolean): ChatPage {
  const last = more ? chats.at(-1) : undefined;
  return { chats, ...(last ? { next: { [order]: last[order], id: last.id } } : {}) };
}
