import { ChatArchiveError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { ChatDocument } from "./rows.ts";

/**
 * Deletes a document. The row is gone at once; its bytes are in the deletion queue, in the same
 * transaction, and the worker removes them within a minute. Images and search results that name it
 * stay, without it.
 *
 * @returns the row that was deleted
 * @throws {ChatArchiveError} `not_found` where it is not, or no longer, the caller's
 */
export function deleteDocument(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<ChatDocument> {
  return operate(
    connection,
    { operation: "deleteDocument", signal, input: { id } },
    async ({ connection: { supabase }, limit, note }) => {
      const row = await query(() =>
        supabase.from("chat_documents").delete().eq("id", id).select()
          .abortSignal(limit()).maybeSingle()
      );
      if (!row) throw new ChatArchiveError("not_found", "no such document");
      note({ chat_id: row.chat_id });
      return row as ChatDocument;
    },
  );
}
