import type { Json } from "../database.types.ts";
import { fieldError } from "../errors.ts";
import { MAX_ROWS } from "../limits.ts";
import { query } from "../query.ts";
import type { NewMessage } from "./add_messages.ts";
import { inOrder } from "./attach_images.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { identified } from "./given.ts";
import { checked } from "./insert_once.ts";
import { operate } from "./operation.ts";
import type { Message } from "./rows.ts";

/** A list of messages to be saved as one. */
export interface SaveMessages extends CallOptions {
  chat_id: string;
  /** At most 1,000. Those whose id is there already are changed, the others are added, in order. */
  messages: NewMessage[];
  /**
   * Ids that this writer knew, at most 1,000: those that are not in the list any more are deleted. What
   * somebody else has added is never among them.
   */
  replaces?: string[] | undefined;
}

/** What save_messages takes. It would pass over anything else without a word. */
const COLUMNS: Record<keyof NewMessage | "chat_id", true> = {
  id: true,
  chat_id: true,
  role: true,
  content: true,
  message_type: true,
  parts: true,
  metadata: true,
  parent_id: true,
  external_id: true,
  status: true,
  created_at: true,
};

/** @throws {ChatArchiveError} `invalid_request` */
export function assertSavable({ messages, replaces = [] }: SaveMessages): void {
  for (const [name, list] of Object.entries({ messages, replaces })) {
    if (list.length > MAX_ROWS) {
      throw fieldError("invalid_request", [name], `at most ${MAX_ROWS}`);
    }
  }
  messages.forEach((message, index) => {
    const unknown = Object.keys(message).find((name) => !Object.hasOwn(COLUMNS, name));
    if (unknown === undefined) return;
    throw fieldError("invalid_request", ["messages", index, unknown], "there is no such column");
  });
}

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
  const facts = { operation: "saveMessages", chat_id, signal };
  return operate(connection, facts, async ({ limit, note }) => {
    note({ count: messages.length });
    assertSavable(input);
    const rows = identified(chat_id, messages).map(checked);
    const stored = await query(() =>
      connection.supabase
        .rpc("save_messages", { of_chat: chat_id, messages: rows as unknown as Json, replaces })
        .abortSignal(limit())
    );
    return inOrder(rows.map(({ id }) => id), stored as Message[]);
  });
}
