import type { CallOptions, Connection } from "./connection.ts";
import type { Chat } from "./rows.ts";
import { updateChat } from "./update_chat.ts";

/** Hides a chat in lists. It changes no right. @throws {ChatArchiveError} `not_found` */
export function archiveChat(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<Chat> {
  return updateChat(connection, { id, signal, is_archived: true });
}

/** Undoes {@link archiveChat}. @throws {ChatArchiveError} `not_found` */
export function unarchiveChat(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<Chat> {
  return updateChat(connection, { id, signal, is_archived: false });
}
