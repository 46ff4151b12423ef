import { MESSAGES_PER_PAGE } from "../limits.ts";
import { query } from "../query.ts";
import type { Connection } from "./connection.ts";
import { messageWindow, type ReadMessages } from "./message_window.ts";
import { operateEach } from "./operation.ts";
import type { Message } from "./rows.ts";

/**
 * Messages of a chat in order, or the newest first, read page by page. Others may append meanwhile:
 * every message comes exactly once. A chat that is not the caller's has none.
 *
 * @throws {ChatArchiveError} `invalid_request` where `after` is the provisional seq of a pending row
 */
export function messages(
  connection: Connection,
  { signal, ...window }: ReadMessages,
): AsyncGenerator<Message, void, undefined> {
  const facts = { operation: "messages", chat_id: window.chat_id, signal, input: window };
  return operateEach(connection, facts, ({ connection: { supabase }, limit }) =>
    messageWindow(
      window,
      MESSAGES_PER_PAGE,
      (page) =>
        query(() => supabase.rpc("chat_messages_page", page).abortSignal(limit())) as Promise<
          unknown
        > as Promise<Message[]>,
      (message) => message,
    ));
}
