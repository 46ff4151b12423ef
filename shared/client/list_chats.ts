import { fieldError } from "../errors.ts";
import { CHATS_PER_PAGE, MAX_ROWS } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Chat } from "./rows.ts";

/** The position of a chat in the list. */
export interface ChatCursor {
  created_at: string;
  id: string;
}

/** Which chats. */
export interface ChatFilter {
  /** Only archived ones, or only the others; by default both. */
  is_archived?: boolean | undefined;
}

/** Which page of the list. */
export interface ListChats extends ChatFilter, CallOptions {
  /** Chats on the page, 1–1000; 50. */
  limit?: number;
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

/**
 * One page of the caller's chats, newest first. Chats that come or go meanwhile shift nothing: the
 * list is paged by key.
 *
 * @throws {ChatArchiveError} `invalid_request` where the cursor is not one
 */
export function listChats(
  connection: Connection,
  { limit = 50, after, is_archived, signal }: ListChats = {},
): Promise<ChatPage> {
  return operate(connection, { operation: "listChats", signal }, async (operation) => {
    if (after && !(CURSOR.test(after.created_at) && CURSOR.test(after.id))) {
      throw fieldError("invalid_request", ["after"], "must be `next` of another page");
    }
    const size = Math.max(1, Math.min(MAX_ROWS, Math.trunc(limit) || 50));
    let request = connection.supabase.from("chats").select()
      .order("created_at", { ascending: false }).order("id", { ascending: false }).limit(size)
      .retry(false).abortSignal(operation.limit());
    if (is_archived !== undefined) request = request.eq("is_archived", is_archived);
    if (after) {
      const { created_at, id } = after;
      request = request.or(
        `created_at.lt."${created_at}",and(created_at.eq."${created_at}",id.lt.${id})`,
      );
    }
    const chats: Chat[] = await query(() => request);
    operation.note({ count: chats.length });
    const last = chats.at(-1);
    return {
      chats,
      ...(last && chats.length === size
        ? { next: { created_at: last.created_at, id: last.id } }
        : {}),
    };
  });
}

/** All chats of the caller, newest first, read page by page. */
export async function* chats(
  connection: Connection,
  filter: ChatFilter & CallOptions = {},
): AsyncGenerator<Chat, void, undefined> {
  let after: ChatCursor | undefined;
  for (;;) {
    const page = await listChats(connection, { ...filter, limit: CHATS_PER_PAGE, after });
    yield* page.chats;
    if (!page.next) return;
    after = page.next;
  }
}
