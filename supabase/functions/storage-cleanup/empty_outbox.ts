import type { CleanupReport } from "@shared/contracts/storage-cleanup.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { Settings } from "../_shared/settings.ts";
import { claim } from "../_shared/outbox.ts";
import { sweep } from "../_shared/sweep.ts";
import { sumOf, type SweepPorts, type SweepResult } from "../_shared/sweep_ports.ts";

/** What a run of the worker needs. */
export interface EmptyOutboxPorts extends Omit<SweepPorts, "store"> {
  /** Null: no object storage; everything waits in the outbox. */
  store: SweepPorts["store"] | null;
  settings: Pick<Settings, "messageStreamTimeout">;
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

/**
 * One run of the worker: expires reservations, purges old receipts, marks messages whose writer vanished as
 * incomplete, releases what reservations that have closed count, forgets full buckets of rates, empties
 * the outbox, removes dead imports.
 *
 * @param limit entries of the outbox to work on at most
 */
export async function emptyOutbox(
  limit: number,
  { admin, store, settings, deadline }: EmptyOutboxPorts,
): Promise<Omit<CleanupReport, "pending" | "dead">> {
  const [started] = await query(() =>
    admin.rpc("start_cleanup", { streaming_timeout_seconds: settings.messageStreamTimeout })
  );
  await query(() => admin.rpc("tidy_usage"));
  await query(() => admin.rpc("forget_rate_buckets"));
  let total: SweepResult = { claimed: 0, deleted: 0, failed: 0 };
  while (store && total.claimed < limit && performance.now() < deadline) {
    const entries = await claim(admin, limit - total.claimed);
    if (entries.length === 0) break;
    total = sumOf(total, await sweep({ admin, store, deadline }, entries));
  }
  await removeStaleImports(admin, deadline);
  return {
    ...total,
    expired_uploads: started?.expired_uploads ?? 0,
    incomplete_messages: started?.incomplete_messages ?? 0,
  };
}
