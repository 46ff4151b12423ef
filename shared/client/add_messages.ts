import type { CallOptions, Connection } from "./connection.ts";
import { identified } from "./given.ts";
import { insertOnce } from "./insert_once.ts";
import { operate } from "./operation.ts";
import type { Message, Role } from "./rows.ts";

/** A new message. */
export interface NewMessage {
  /** Chosen by the caller, so that the call can be repeated; by default a new one. */
  id?: string;
  role: Role;
  /** Markdown, at most 1 MiB. */
  content: string;
  /** The application's own kind; text. */
  message_type?: string;
  /** When it was written, by default now. */
  created_at?: string;
}

/** Messages for one chat. */
export interface AddMessages extends CallOptions {
  chat_id: string;
  messages: NewMessage[];
}

/**
 * Adds messages to a chat, in order. Long lists are split into several requests; where one of them
 * fails, those before it are saved, and the call can be repeated if its messages had ids.
 *
 * Each request is one transaction over one chat, so that calls for different chats never wait for
 * each other crosswise.
 *
 * @returns the stored messages, in the order given
 * @throws {ChatArchiveError} `not_found` where the chat is not the caller's, `conflict` where an id is
 *   taken by another message, `invalid_request`
 */
export function addMessages(
  connection: Connection,
  { chat_id, messages, signal }: AddMessages,
): Promise<Message[]> {
  return operate(connection, { operation: "addMessages", chat_id, signal }, async (operation) => {
    operation.note({ count: messages.length });
    const rows = await insertOnce(operation, "chat_messages", identified(chat_id, messages));
    return rows as Message[];
  });
}
