import type { Json } from "../database.types.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { identified } from "./given.ts";
import { insertOnce } from "./insert_once.ts";
import { operate, type Operation } from "./operation.ts";
import type { Message, Metadata, Role, Status } from "./rows.ts";

/** A new message. */
export interface NewMessage {
  /** Chosen by the caller, so that the call can be repeated; by default a new one. */
  id?: string;
  role: Role;
  /** What a person reads, as Markdown, at most 1 MiB. */
  content: string;
  /** The application's own kind; text. */
  message_type?: string;
  /**
   * The whole message as a framework has it, at most 1 MiB. Files of the chat are named by whole
   * values `chat-archive:image/<id>` and `chat-archive:document/<id>`.
   */
  parts?: Json[] | null;
  /** The application's own JSON object, at most 64 KiB. */
  metadata?: Metadata;
  /** An earlier message of the chat, which this one follows: branches. */
  parent_id?: string | null;
  /** A framework's own id, of any form; unique in the chat. */
  external_id?: string | null;
  /** complete; an answer that is still written is `streaming`. */
  status?: Status;
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
 * @throws {ChatArchiveError} `not_found` where the chat is not the caller's, or has no such parent or
 *   file, `conflict` where an id is taken by another message, `invalid_request`
 */
export function addMessages(
  connection: Connection,
  { chat_id, messages, signal }: AddMessages,
): Promise<Message[]> {
  const input = { chat_id, messages };
  const facts = { operation: "addMessages", chat_id, signal, input };
  return operate(connection, facts, (operation) => insertMessages(operation, input));
}

/** Inserts messages of one chat, in order. */
export async function insertMessages(
  operation: Operation,
  { chat_id, messages }: AddMessages,
): Promise<Message[]> {
  operation.note({ count: messages.length });
  const rows = await insertOnce(operation, "chat_messages", identified(chat_id, messages));
  return rows as Message[];
}
