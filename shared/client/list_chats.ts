import { CHATS_PER_PAGE } from "../limits.ts";
import { query } from "../query.ts";
import { storableJson, storableText } from "../storable.ts";
import {
  type ChatCursor,
  type ChatFilter,
  type ChatPage,
  chatPage,
  chatWindow,
  type ListChats,
} from "./chat_window.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Chat } from "./rows.ts";

/**
 * One page of the caller's chats, newest first. Chats that come or go meanwhile shift nothing: the
 * list is paged by key. By last activity, a chat that becomes active while it is read goes to the
 * list's beginning.
 *
 * @throws {ChatArchiveError} `invalid_request` where the cursor is not one, or limit is not 1 to 1000
 */
export function listChats(
  connection: Connection,
  { signal, ...filter }: ListChats = {},
): Promise<ChatPage> {
  return operate(
    connection,
    { operation: "listChats", signal, input: filter },
    async (operation) => {
      const { is_archived, metadata, external_id, ...page } = filter;
      const { limit, order, after } = chatWindow(page);
      let request = operation.connection.supabase.from("chats").select()
        .order(order, { ascending: false }).order("id", { ascending: false }).limit(limit)
        .retry(false).abortSignal(operation.limit());
      if (is_archived !== undefined) request = request.eq("is_archived", is_archived);
      if (metadata !== undefined) {
        request = request.contains("metadata", storableJson(JSON.stringify(metadata)));
      }
      if (external_id !== undefined) request = request.eq("external_id", storableText(external_id));
      if (after) {
        const { time, id } = after;
        request = request.or(`${order}.lt."${time}",and(${order}.eq."${time}",id.lt.${id})`);
      }
      const chats = await query(() => request) as Chat[];
      operation.note({ count: chats.length });
      return chatPage(chats, order, chats.length === limit);
    },
  );
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
