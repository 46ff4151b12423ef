import { ChatArchiveError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { ChatWithDocuments } from "./rows.ts";

/**
 * Reads a chat with its documents.
 *
 * @throws {ChatArchiveError} `not_found` where it is not the caller's
 */
export function getChat(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<ChatWithDocuments> {
  return operate(
    connection,
    { operation: "getChat", chat_id: id, signal, input: { id } },
    async ({ connection: { supabase }, limit }) => {
      const chat = await query(() =>
        supabase.from("chats").select("*, documents:chat_documents(*)").eq("id", id)
          .order("seq", { referencedTable: "documents" }).retry(false).abortSignal(limit())
          .maybeSingle()
      );
      if (!chat) throw new ChatArchiveError("not_found", "no such chat");
      return chat as ChatWithDocuments;
    },
  );
}
