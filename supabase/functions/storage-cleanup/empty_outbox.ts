import type { CleanupReport } from "@shared/contracts/storage-cleanup.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, StorageDeletion } from "@shared/rows.ts";
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
 * A chat takes as much of the platform's 2 s of CPU as so many keys: measured, 3.4 to 5.3 ms, where a
 * key takes 0.04 to 0.1 ms.
 */
const KEYS_OF_A_CHAT = 40;

/** Entries from the first on that fit into what is left of a run, at least one; and the others. */
function affordable(entries: StorageDeletion[], limit: number) {
  let cost = 0;
  const end = entries.findIndex((entry, index) => {
    cost += entry.is_prefix ? KEYS_OF_A_CHAT : 1;
    return index > 0 && cost > limit;
  });
  const taken = end < 0 ? entries : entries.slice(0, end);
  const chats = taken.filter(({ is_prefix }) => is_prefix).length;
  return {
    taken,
    left: entries.slice(taken.length),
    cost: taken.length + chats * (KEYS_OF_A_CHAT - 1),
  };
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
  for (let spent = 0; spent < limit && performance.now() < deadline;) {
    const keys = { left: limit - spent };
    const entries = await claim(admin, limit - spent);
    if (entries.length === 0) break;
    try {
      await count();
    } catch (error) {
      await settle(admin, entries.map(released));
      return unreachable(error);
    }
    const { taken, left, cost } = affordable(entries, limit - spent);
    await settle(admin, left.map(released));
    total = sumOf(total, await sweep({ ...ports, keys }, taken));
    // A chat may have had more keys than it was counted for.
    spent += Math.max(cost, limit - spent - keys.left);
    if (left.length > 0) break;
  }
  return total;
}

/**
 * One run of the worker: expires reservations, purges old receipts, marks messages whose writer vanished as
 * incomplete, releases what reservations that have closed count, forgets full buckets of rates, empties
 * the outbox, removes dead imports.
 *
 * @param limit keys to work on at most, but for the pages of chats that are under way at its end; a chat
 *   counts as {@link KEYS_OF_A_CHAT} at least
 */
export async function emptyOutbox(
  limit: number,
  { store, settings, ...ports }: EmptyOutboxPorts,
): Promise<Omit<CleanupReport, "pending" | "dead">> {
  const { admin, deadline } = ports;
  const [started] = await query(() =>
    admin.rpc("start_cleanup", { streaming_timeout_seconds: settings.messageStreamTimeout })
  );
  await query(() => admin.rpc("tidy_usage"));
  await query(() => admin.rpc("forget_rate_buckets"));
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
