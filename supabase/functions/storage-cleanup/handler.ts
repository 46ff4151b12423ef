import type {
  StorageCleanupRequest,
  StorageCleanupResponse,
} from "@shared/contracts/storage-cleanup.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import { acceptRestore } from "./accept_restore.ts";
import { emptyOutbox, type EmptyOutboxPorts } from "./empty_outbox.ts";
import { reconcile } from "./reconcile.ts";

/** What storage-cleanup needs. */
export interface StorageCleanupPorts extends Omit<EmptyOutboxPorts, "deadline"> {
  /** Milliseconds that a run may take. */
  budget: number;
}

/** The verb that was asked for. */
async function work(
  request: StorageCleanupRequest,
  { budget, ...ports }: StorageCleanupPorts,
) {
  const deadline = performance.now() + budget;
  const { admin, store, project, contentType } = ports;
  if (!request.reconcile && !request.accept_restore) {
    return await emptyOutbox(request.limit, { ...ports, deadline });
  }
  if (store && request.reconcile) {
    return await reconcile(request, { admin, store, project, contentType, deadline });
  }
  if (store) return await acceptRestore(request, { admin, store, project, contentType });
  throw new ChatArchiveError("storage_disabled", "this deployment runs without object storage");
}

/** Was nothing done, and is nothing due? So it is nearly every minute. */
function isIdle(body: StorageCleanupResponse): boolean {
  return !("failed_steps" in body) &&
    Object.values(body).every((value) =>
      value === 0 || value === false || value === "same" || typeof value === "object"
    );
}

/**
 * One run of the worker or, with `reconcile`, one comparison of the bucket with the rows or, with
 * `accept_restore`, the word of an operator that bucket and database belong together.
 *
 * @throws {ChatArchiveError} with `reconcile` or `accept_restore` only: `conflict` where there are more
 *   orphans than expected, or the bucket is not this database's; `storage_disabled`,
 *   `storage_unavailable`
 */
export async function storageCleanup(
  request: StorageCleanupRequest,
  ports: StorageCleanupPorts,
): Promise<{ status: 200; body: StorageCleanupResponse; idle: boolean }> {
  const done = await work(request, ports);
  const [state] = await query(() => ports.admin.rpc("cleanup_state"));
  const body = { ...done, pending: state?.pending ?? 0, dead: state?.dead ?? 0 };
  return { status: 200, body, idle: isIdle(body) };
}
