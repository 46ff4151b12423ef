import { delay } from "../async.ts";
import { ChatArchiveError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { Deletion } from "./delete_chat.ts";
import { operate } from "./operation.ts";

/** Between two questions. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Waits until all bytes of a deleted chat are gone. Give a signal to wait no longer than you like.
 *
 * @returns the receipt, with status done
 * @throws {ChatArchiveError} `not_found` where no such chat was deleted, `storage_unavailable` where
 *   objects were given up until an operator requeues them
 */
export function awaitDeletion(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<Deletion> {
  const facts = { operation: "awaitDeletion", chat_id: id, signal, input: { id } };
  return operate(connection, facts, async ({ connection: { supabase }, limit, note }) => {
    for (let wait = FIRST_PAUSE_MS;; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const [receipt] = await query(() =>
        supabase.rpc("deletion_status", { chat_ids: [id] }).abortSignal(limit())
      );
      if (!receipt) throw new ChatArchiveError("not_found", "no such chat was deleted");
      if (receipt.entries_pending === 0) {
        note({ count: receipt.objects_deleted });
        return {
          chat_id: id,
          status: "done",
          objects_deleted: receipt.objects_deleted,
          objects_pending: 0,
          ...(receipt.final_sweep_at ? { final_sweep_at: receipt.final_sweep_at } : {}),
        };
      }
      const dead = await query(() =>
        supabase.from("storage_deletions").select("id").eq("chat_id", id)
          .not("dead_at", "is", null).limit(1).abortSignal(limit())
      );
      if (dead.length > 0) {
        const message = "the bucket refused for days, and the deletion waits for an operator";
        throw new ChatArchiveError("storage_unavailable", message);
      }
      await delay(wait, signal);
    }
  });
}
