import { ChatArchiveError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { given } from "./given.ts";
import { operate } from "./operation.ts";
import type { Chat, Metadata } from "./rows.ts";

/** What of a chat changes. Fields that are left out stay as they are. */
export interface ChatChanges {
  id: string;
  title?: string;
  description?: string | null;
  /** Replaces the whole object. */
  metadata?: Metadata;
  is_archived?: boolean;
}

/** Changes a chat. @throws {ChatArchiveError} `not_found`, `invalid_request` */
export function updateChat(
  connection: Connection,
  { id, signal, ...changes }: ChatChanges & CallOptions,
): Promise<Chat> {
  const facts = { operation: "updateChat", chat_id: id, signal, input: { id, ...changes } };
  return operate(connection, facts, async ({ connection: { supabase }, limit }) => {
    const columns = given(changes);
    const chat = await query(() => {
      // PostgREST changes nothing, and finds nothing, where no column is given.
      const table = supabase.from("chats");
      const rows = Object.keys(columns).length > 0
        ? table.update(columns).eq("id", id).select()
        : table.select().eq("id", id);
      return rows.abortSignal(limit()).maybeSingle();
    });
    if (!chat) throw new ChatArchiveError("not_found", "no such chat");
    return chat as Chat;
  });
}
