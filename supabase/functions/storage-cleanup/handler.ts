import type {
  StorageCleanupRequest,
  StorageCleanupResponse,
} from "@shared/contracts/storage-cleanup.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "../_shared/query.ts";
import { claim, sweep } from "../_shared/sweep.ts";

/** What storage-cleanup needs. */
export interface StorageCleanupPorts {
  /** Past RLS: the worker serves all users. */
  admin: ArchiveClient;
  /** Null: no object storage; everything waits in the outbox. */
  store: ObjectStore | null;
  /** Milliseconds that a run may take. */
  budget: number;
}

/** One run of the worker: expires reservations, purges old receipts, empties the outbox. */
export async function storageCleanup(
  { limit }: StorageCleanupRequest,
  { admin, store, budget }: StorageCleanupPorts,
): Promise<{ status: 200; body: StorageCleanupResponse }> {
  const deadline = performance.now() + budget;
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
  const [state] = await query(() => admin.rpc("cleanup_state"));
  return {
    status: 200,
    body: {
      ...total,
      pending: state?.pending ?? 0,
      dead: state?.dead ?? 0,
      expired_uploads: started?.expired_uploads ?? 0,
    },
  };
}
