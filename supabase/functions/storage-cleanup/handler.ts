import type {
  StorageCleanupRequest,
  StorageCleanupResponse,
} from "@shared/contracts/storage-cleanup.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";
import { claim, sweep } from "../_shared/sweep.ts";
import { reconcile } from "./reconcile.ts";

/** What storage-cleanup needs. */
export interface StorageCleanupPorts {
  /** Past RLS: the worker serves all users. */
  admin: ArchiveClient;
  /** Null: no object storage; everything waits in the outbox. */
  store: ObjectStore | null;
  /** Milliseconds that a run may take. */
  budget: number;
}

/**
 * Removes chats whose import died, slice by slice: each may be large. Last, and at least one slice a
 * run: neither keeps the outbox waiting for ever, nor is kept waiting by it.
 */
async function removeStaleImports(admin: ArchiveClient, deadline: number) {
  do {
    if (await query(() => admin.rpc("remove_stale_import")) === null) return;
  } while (performance.now() < deadline);
}

async function emptyOutbox(
  { admin, store }: StorageCleanupPorts,
  limit: number,
  deadline: number,
) {
  const [started] = await query(() => admin.rpc("start_cleanup", {}));
  const total = { claimed: 0, deleted: 0, failed: 0 };
  while (store && total.claimed < limit && performance.now() < deadline) {
    const entries = await claim(admin, limit - total.claimed);
    if (entries.length === 0) break;
    const one = await sweep({ admin, store, deadline }, entries);
    total.claimed += one.claimed;
    total.deleted += one.deleted;
    total.failed += one.failed;
  }
  await removeStaleImports(admin, deadline);
  return { ...total, expired_uploads: started?.expired_uploads ?? 0 };
}

async function compare(
  request: StorageCleanupRequest,
  { admin, store }: StorageCleanupPorts,
  deadline: number,
) {
  if (!store) {
    throw new ChatArchiveError("storage_disabled", "this deployment runs without object storage");
  }
  const found = await reconcile(request, { admin, store, deadline });
  return { claimed: 0, deleted: 0, failed: 0, expired_uploads: 0, ...found };
}

/**
 * One run of the worker: expires reservations, purges old receipts, empties the outbox, removes dead
 * imports. Or, with `reconcile`, one comparison of the bucket with the rows.
 *
 * @throws {ChatArchiveError} with `reconcile` only: `conflict` where there are more orphans than
 *   expected, `storage_disabled`, `storage_unavailable`
 */
export async function storageCleanup(
  request: StorageCleanupRequest,
  ports: StorageCleanupPorts,
): Promise<{ status: 200; body: StorageCleanupResponse }> {
  const deadline = performance.now() + ports.budget;
  const done = request.reconcile
    ? await compare(request, ports, deadline)
    : await emptyOutbox(ports, request.limit, deadline);
  const [state] = await query(() => ports.admin.rpc("cleanup_state"));
  return {
    status: 200,
    body: { ...done, pending: state?.pending ?? 0, dead: state?.dead ?? 0 },
  };
}
