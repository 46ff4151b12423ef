import type { DeleteChatRequest, DeleteChatResponse } from "@shared/contracts/delete-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";
import { claim, ENTRIES_PER_CLAIM } from "../_shared/outbox.ts";
import { sweep } from "../_shared/sweep.ts";
import { isLate, KEYS_PER_REQUEST, type SweepPorts } from "../_shared/sweep_ports.ts";

/** What delete-chat needs. */
export interface DeleteChatPorts {
  /** The caller's rights: RLS decides which chats go, and which receipts are shown. */
  db: ArchiveClient;
  /** Past RLS: only service_role may claim and settle entries of the outbox. */
  admin: ArchiveClient;
  /** Null: no object storage; the bytes wait in the outbox. */
  store: ObjectStore | null;
  /** Has a worker lately found that the bucket is this database's? Else the bytes wait, too. */
  mayDelete(): Promise<boolean>;
  /** Milliseconds that may be spent on removing rows, and then bytes, before the answer. */
  budget: number;
}

async function removeBytes(ports: SweepPorts, chatIds: string[]) {
  while (!isLate(ports)) {
    const entries = await claim(ports.admin, Infinity, chatIds);
    const { failed, exhausted } = await sweep(ports, entries);
    // What is left of these would be claimed again at once: leave it to the worker.
    if (failed > 0 || exhausted || entries.length < ENTRIES_PER_CLAIM) return;
  }
}

/**
 * Removes the rows of chats. A large chat takes several slices; as long as one is left the chat is
 * there, and a repeated request goes on.
 */
async function removeRows({ db }: DeleteChatPorts, chat_ids: string[], deadline: number) {
  while (!await query(() => db.rpc("delete_chats_slice", { chat_ids }))) {
    if (performance.now() < deadline) continue;
    throw new ChatArchiveError(
      "database_unavailable",
      "there is more than one request can delete: repeat it until it is done",
    );
  }
}

/**
 * Deletes chats with everything in them, then their bytes. A chat and its outbox entry go in one
 * transaction; from there on the deletion can't be lost, and a repeated request reports on it.
 *
 * @throws {ChatArchiveError} `not_found` when none of the ids is, or was, a chat of the caller's;
 *   `database_unavailable` where a chat has more rows than can be deleted within the budget
 */
export async function deleteChat(
  request: DeleteChatRequest,
  ports: DeleteChatPorts,
): Promise<{ status: 200 | 202; body: DeleteChatResponse }> {
  const ids = [...new Set("chat_id" in request ? [request.chat_id] : request.chat_ids)];
  const deadline = performance.now() + ports.budget;
  await removeRows(ports, ids, deadline);
  await failpoint("delete.committed");

  const receipts = () => query(() => ports.db.rpc("deletion_status", { chat_ids: ids }));
  let found = await receipts();
  if (found.length === 0) throw new ChatArchiveError("not_found", "no such chat");

  const open = found.filter(({ entries_pending }) => entries_pending > 0);
  const { admin, store } = ports;
  if (open.length > 0 && store && await ports.mayDelete()) {
    const keys = { left: KEYS_PER_REQUEST };
    await removeBytes({ admin, store, deadline, keys }, open.map(({ chat_id }) => chat_id));
    found = await receipts();
  }

  const byId = new Map(found.map((receipt) => [receipt.chat_id, receipt]));
  const deletions = ids.flatMap((chat_id) => {
    const receipt = byId.get(chat_id);
    if (!receipt) return [];
    return [{
      chat_id,
      status: receipt.entries_pending === 0 ? "done" as const : "pending" as const,
      objects_deleted: receipt.objects_deleted,
      objects_pending: receipt.entries_pending,
      ...(receipt.final_sweep_at ? { final_sweep_at: receipt.final_sweep_at } : {}),
    }];
  });
  return {
    status: deletions.every(({ status }) => status === "done") ? 200 : 202,
    body: { deletions, not_found: ids.filter((id) => !byId.has(id)) },
  };
}
