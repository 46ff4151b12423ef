import type { Json } from "../database.types.ts";
import { ChatArchiveError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { given } from "./given.ts";
import { operate } from "./operation.ts";
import type { Message, Metadata, Status } from "./rows.ts";

/** What of a message changes: an answer that is streamed grows. */
export interface MessageChanges {
  id: string;
  /** Replaces the whole text. */
  content?: string;
  message_type?: string;
  /** Replaces the whole list. */
  parts?: Json[] | null;
  /** Replaces the whole object. */
  metadata?: Metadata;
  status?: Status;
}

/** Changes a message. @throws {ChatArchiveError} `not_found`, `invalid_request` */
export function updateMessage(
  connection: Connection,
  { id, signal, ...changes }: MessageChanges & CallOptions,
): Promise<Message> {
  return operate(
    connection,
    { operation: "updateMessage", signal, input: { id, ...changes } },
    async ({ connection: { supabase }, limit, note }) => {
      const columns = given(changes);
      const message = await query(() => {
        // PostgREST changes nothing, and finds nothing, where no column is given.
        const table = supabase.from("chat_messages");
        const rows = Object.keys(columns).length > 0
          ? table.update(columns).eq("id", id).select()
          : table.select().eq("id", id);
        return rows.abortSignal(limit()).maybeSingle();
      });
      if (!message) throw new ChatArchiveError("not_found", "no such message");
      note({ chat_id: message.chat_id });
      return message as Message;
    },
  );
}
