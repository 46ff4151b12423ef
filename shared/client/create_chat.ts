import type { CallOptions, Connection } from "./connection.ts";
import { given, idOf } from "./given.ts";
import { insertOnce } from "./insert_once.ts";
import { operate } from "./operation.ts";
import type { Chat, Metadata } from "./rows.ts";

/** A new chat. */
export interface NewChat {
  /** Chosen by the caller, so that the call can be repeated; by default a new one. */
  id?: string;
  /** 1–255 characters. */
  title: string;
  description?: string | null;
  /** The application's own JSON object, at most 64 KiB. */
  metadata?: Metadata;
  is_archived?: boolean;
  /** A framework's own id, of any form; unique among the caller's chats. */
  external_id?: string | null;
  /** When it began, by default now. */
  created_at?: string;
}

/**
 * Creates a chat. Repeated with the same id and values, it gives the same chat.
 *
 * @throws {ChatArchiveError} `invalid_request`, `conflict` where the id or external_id is taken
 */
export function createChat(
  connection: Connection,
  { signal, ...chat }: NewChat & CallOptions,
): Promise<Chat> {
  const row = given({ ...chat, id: idOf(chat.id) });
  return operate(
    connection,
    { operation: "createChat", chat_id: row.id, signal, input: chat },
    async (operation) => {
      const [stored] = await insertOnce(operation, "chats", [row]);
      return stored as Chat;
    },
  );
}
