import type { CleanupReport } from "@shared/contracts/storage-cleanup.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, StorageDeletion } from "@shared/rows.ts";
import { checkBucket, countRun, type IdentityPorts } from "../_shared/bucket_identity.ts";
import { bucketCode } from "../_shared/delete_objects.ts";
import { describeError, type Log } from "../_shared/log.ts";
import type { Settings } from "../_shared/settings.ts";
import { claim, released, settle } from "../_shared/outbox.ts";
import { sweep } from "../_shared/sweep.ts";
import { NOTHING, sumOf, type SweepPorts, type SweepResult } from "../_shared/sweep_ports.ts";

/** What a run of the worker needs. */
export interface EmptyOutboxPorts
  extends Omit<SweepPorts, "store">, Omit<IdentityPorts, "admin" | "store"> {
  /** Null: no object storage; everything waits in the outbox. */
  store: SweepPorts["store"] & IdentityPorts["store"] | null;
  settings: Pick<Settings, "messageStreamTimeout">;
  log: Log;
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
 * Removes chats whose import died, slice by slice: each may be large. After the outbox, and at least one
 * slice a run: neither keeps the outbox waiting for ever, nor is kept waiting by it.
 */
async function removeStaleImports(admin: ArchiveClient, deadline: number) {
  do {
    if (await query(() => admin.rpc("remove_stale_import")) === null) return;
  } while (performance.now() < deadline);
}

/** Makes messages incomplete whose writer vanished. Last: a user can have any number of them. */
async function endSilentMessages(
  admin: ArchiveClient,
  streaming_timeout_seconds: number,
  deadline: number,
): Promise<number> {
  let all = 0;
  let ended: number;
  do {
    ended = await query(() => admin.rpc("end_silent_messages", { streaming_timeout_seconds }));
    all += ended;
  } while (ended > 0 && performance.now() < deadline);
  return all;
}

/** Deletes what is due, where the bucket is this database's. */
async function deleteDue(
  limit: number,
  ports: SweepPorts & IdentityPorts,
): Promise<SweepResult & Pick<CleanupReport, "bucket">> {
  const { admin, deadline } = ports;
  let total = NOTHING;
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
    if (left.length > 0 || total.exhausted) break;
  }
  return total;
}

/**
 * One run of the worker: expires reservations, purges old receipts, releases what reservations that have
 * closed count, forgets full buckets of rates, empties the outbox, removes dead imports, marks messages whose
 * writer vanished as incomplete. A step that fails is logged, and keeps none of the others from being done.
 *
 * @param limit keys to work on at most, but for the pages of chats that are under way at its end; a chat
 *   counts as {@link KEYS_OF_A_CHAT} at least
 * @throws what kept it from emptying the outbox, after all other steps
 */
export async function emptyOutbox(
  limit: number,
  { store, settings, log, ...ports }: EmptyOutboxPorts,
): Promise<Omit<CleanupReport, "pending" | "dead">> {
  const { admin, deadline } = ports;
  const failed_steps: string[] = [];
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    const started = performance.now();
    try {
      return await work();
    } catch (error) {
      failed_steps.push(name);
      log("error", "storage-cleanup.step", {
        step: name,
        outcome: "error",
        cause: describeError(error),
        duration_ms: Math.round(performance.now() - started),
      });
    }
  };
  await query(() => admin.rpc("start_cleanup"));
  const expired = await step("expire_uploads", () => query(() => admin.rpc("expire_uploads")));
  await step("purge_receipts", () => query(() => admin.rpc("purge_receipts")));
  await step("tidy_usage", () => query(() => admin.rpc("tidy_usage")));
  await step("forget_rate_buckets", () => query(() => admin.rpc("forget_rate_buckets")));
  const [deletion] = await Promise.allSettled([
    store ? deleteDue(limit, { ...ports, store }) : NOTHING,
  ]);
  await step("remove_stale_imports", () => removeStaleImports(admin, deadline));
  const ended = await step(
    "end_silent_messages",
    () => endSilentMessages(admin, settings.messageStreamTimeout, deadline),
  );
  if (deletion.status === "rejected") throw deletion.reason;
  const { exhausted: _, ...deleted } = deletion.value;
  return {
    ...deleted,
    expired_uploads: expired ?? 0,
    incomplete_messages: ended ?? 0,
    ...(failed_steps.length > 0 ? { failed_steps } : {}),
  };
}
