import type { CleanupReport } from "@shared/contracts/storage-cleanup.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { checkBucket, countRun, type IdentityPorts } from "../_shared/bucket_identity.ts";
import { bucketCode } from "../_shared/delete_objects.ts";
import type { Settings } from "../_shared/settings.ts";
import { claim, released, settle } from "../_shared/outbox.ts";
import { sweep } from "../_shared/sweep.ts";
import { sumOf, type SweepPorts, type SweepResult } from "../_shared/sweep_ports.ts";

/** What a run of the worker needs. */
export interface EmptyOutboxPorts
  extends Omit<SweepPorts, "store">, Omit<IdentityPorts, "admin" | "store"> {
  /** Null: no object storage; everything waits in the outbox. */
  store: SweepPorts["store"] & IdentityPorts["store"] | null;
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

/** Deletes what is due, where the bucket is this database's. */
async function deleteDue(
  limit: number,
  ports: SweepPorts & IdentityPorts,
): Promise<SweepResult & Pick<CleanupReport, "bucket">> {
  const { admin, deadline } = ports;
  let total: SweepResult = { claimed: 0, deleted: 0, failed: 0 };
  const unreachable = (error: unknown) => {
    // Whatever is no failure of the bucket is thrown.
    bucketCode(error);
    return { ...total, bucket: "unreachable" as const };
  };
  let check: Awaited<ReturnType<typeof checkBucket>>;
  let isCounted = false;
  const count = async () => {
    if (!isCounted) await countRun(ports, check.here);
    isCounted = true;
  };
  try {
    check = await checkBucket(ports);
    if (check.verdict !== "same") return { ...total, bucket: "restored" };
    if (check.hasMoved) await count();
  } catch (error) {
    return unreachable(error);
  }
  while (total.claimed < limit && performance.now() < deadline) {
    const entries = await claim(admin, limit - total.claimed);
    if (entries.length === 0) break;
    try {
      await count();
    } catch (error) {
      await settle(admin, entries.map(released));
      return unreachable(error);
    }
    total = sumOf(total, await sweep(ports, entries));
  }
  return total;
}

/**
 * One run of the worker: expires reservations, purges old receipts, marks messages whose writer vanished as
 * incomplete, empties the outbox, removes dead imports.
 *
 * @param limit entries of the outbox to work on at most
 */
export async function emptyOutbox(
  limit: number,
  { store, settings, ...ports }: EmptyOutboxPorts,
): Promise<Omit<CleanupReport, "pending" | "dead">> {
  const { admin, deadline } = ports;
  const [started] = await query(() =>
    admin.rpc("start_cleanup", { streaming_timeout_seconds: settings.messageStreamTimeout })
  );
  const total = store
    ? await deleteDue(limit, { ...ports, store })
    : { claimed: 0, deleted: 0, failed: 0 };
  await removeStaleImports(admin, deadline);
  return {
    ...total,
    expired_uploads: started?.expired_uploads ?? 0,
    incomplete_messages: started?.incomplete_messages ?? 0,
  };
}
