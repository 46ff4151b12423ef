import type { Json } from "../database.types.ts";
import { query } from "../query.ts";
import { inOrder } from "./in_order.ts";
import type { Connection } from "./connection.ts";
import { identified } from "./given.ts";
import { checked } from "./insert_once.ts";
import { operate } from "./operation.ts";
import type { Message } from "./rows.ts";
import { assertSavable, type SaveMessages } from "./savable.ts";

/**
 * Saves a list of messages in one transaction. Messages that are there keep their place (`seq`) and
 * take content, message_type, parts, metadata and status as given; what is left out stays. The others
 * are added, in order. Equal lists change nothing.
 *
 * Of two writers of one chat the later one decides about a message that both save, and neither removes
 * what the other has added. Images that the parts of a remaining message name are not lost: they go to
 * that message before the one that had them is deleted.
 *
 * @returns the stored messages, in the order given
 * @throws {ChatArchiveError} `not_found` where the chat is not the caller's, or has no such parent or
 *   file, `conflict` where an id is taken, or its message has another role or external_id,
 *   `invalid_request`
 */
export function saveMessages(
  connection: Connection,
  input: SaveMessages,
): Promise<Message[]> {
  const { chat_id, messages, replaces = [], signal } = input;
  const facts = { operation: "saveMessages", chat_id, signal, input };
  return operate(connection, facts, async ({ connection: { supabase }, limit, note }) => {
    note({ count: messages.length });
    assertSavable(input);
    const rows = identified(chat_id, messages).map(checked);
    const stored = await query(() =>
      supabase
        .rpc("save_messages", { of_chat: chat_id, messages: rows as unknown as Json, replaces })
        .abortSignal(limit())
    );
    return inOrder(rows.map(({ id }) => id), stored as Message[]);
  });
}
