import { fieldError } from "../errors.ts";
import { CHATS_PER_PAGE, MAX_ROWS } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
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

/**
 * One page of the caller's chats, newest first. Chats that come or go meanwhile shift nothing: the
 * list is paged by key. By last activity, a chat that becomes active while it is read goes to the
 * list's beginning.
 *
 * @throws {ChatArchiveError} `invalid_request` where the cursor is not one, or limit is not 1 to 1000
 */
export function listChats(
  connection: Connection,
  { is_archived, metadata, external_id, signal, ...page }: ListChats = {},
): Promise<ChatPage> {
  return operate(connection, { operation: "listChats", signal }, async (operation) => {
    const { limit, order, after } = chatWindow(page);
    let request = connection.supabase.from("chats").select()
      .order(order, { ascending: false }).order("id", { ascending: false }).limit(limit)
      .retry(false).abortSignal(operation.limit());
    if (is_archived !== undefined) request = request.eq("is_archived", is_archived);
    if (metadata !== undefined) request = request.contains("metadata", metadata);
    if (external_id !== undefined) request = request.eq("external_id", external_id);
    if (after) {
      const { time, id } = after;
      request = request.or(`${order}.lt."${time}",and(${order}.eq."${time}",id.lt.${id})`);
    }
    const chats = await query(() => request) as Chat[];
    operation.note({ count: chats.length });
    return chatPage(chats, order, chats.length === limit);
  });
}

/** All chats of the caller, newest first, read page by page. */
export async function* chats(
  connection: Connection,
  filter: ChatFilter & CallOptions = {},
): AsyncGenerator<Chat, void, undefined> {
  let after: ChatCursor | undefined;
  do {
    const page = await listChats(connection, { ...filter, limit: CHATS_PER_PAGE, after });
    yield* page.chats;
    after = page.next;
  } while (after);
}
