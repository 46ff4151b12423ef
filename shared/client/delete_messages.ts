import { chunked } from "../async.ts";
import { MAX_ROWS } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { assertServerSeq } from "./message_window.ts";
import { operate } from "./operation.ts";

/** Which messages of a chat: some, or all whose seq is greater. */
export type DeleteMessages =
  & { chat_id: string }
  & ({ ids: string[] } | { after: number })
  & CallOptions;

/**
 * Deletes messages with their images and search results. Images that the parts of another message name
 * go to that message. Long lists take several requests, the newest messages first; where one fails, the
 * call can be repeated.
 *
 * @returns the ids that are gone; those that name nothing (any more) are passed over
 * @throws {ChatArchiveError} `invalid_request` where `after` is the provisional seq of a pending row
 */
export function deleteMessages(
  connection: Connection,
  { chat_id, signal, ...which }: DeleteMessages,
): Promise<string[]> {
  const facts = { operation: "deleteMessages", chat_id, signal, input: { chat_id, ...which } };
  return operate(connection, facts, async ({ connection: { supabase }, limit, note }) => {
    const deleted: string[] = [];
    const some = async (which: { ids: string[] } | { after_seq: number }) => {
      const ids = await query(() =>
        supabase.rpc("delete_messages", { of_chat: chat_id, ...which })
          .abortSignal(limit())
      );
      deleted.push(...ids);
      note({ count: deleted.length });
      return ids.length;
    };
    if ("ids" in which) {
      for (const ids of chunked(which.ids, MAX_ROWS)) await some({ ids });
    } else {
      assertServerSeq(which.after);
      while (await some({ after_seq: which.after }) === MAX_ROWS);
    }
    return deleted;
  });
}
