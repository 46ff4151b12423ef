/**
 * Removes the objects of claimed outbox entries, in batches, and settles each entry.
 *
 * @module
 */
import { chunked, eachOf } from "@shared/async.ts";
import type { StorageDeletion } from "@shared/rows.ts";
import { bucketCode, deleteObjects, type LiveKeys, liveKeys } from "./delete_objects.ts";
import { type Outcome, released, settle } from "./outbox.ts";
import { isLate, sumOf, type SweepPorts, type SweepResult } from "./sweep_ports.ts";
import { sweepPrefix } from "./sweep_prefix.ts";

/** Chats that are emptied side by side: each is a few round trips and little else. */
const PARALLEL_PREFIXES = 8;

const NOTHING: SweepResult = { claimed: 0, deleted: 0, failed: 0 };

/** What became of the entry of one key. @param error the bucket's code, where it failed */
function outcomeOf(
  { id, locked_until, target }: StorageDeletion,
  live: LiveKeys,
  error: string | undefined,
): Outcome {
  // A key that a row names is done with: whatever deletes the row enqueues it again. An open
  // reservation enqueues nothing when it is confirmed, so its key is looked at again.
  const reserved = live.get(target) === true;
  return {
    id,
    locked_until,
    outcome: error ? "failed" : reserved ? "postponed" : "done",
    objects_deleted: error || live.has(target) ? 0 : 1,
    ...(error ? { error } : {}),
  };
}

async function sweepBatch(ports: SweepPorts, batch: StorageDeletion[]): Promise<SweepResult> {
  const keys = batch.map(({ target }) => target);
  let live: LiveKeys = new Map();
  let outcome: Awaited<ReturnType<typeof deleteObjects>>;
  try {
    live = await liveKeys(ports, keys);
    outcome = await deleteObjects(ports, keys, live);
  } catch (error) {
    const code = bucketCode(error);
    outcome = { deleted: 0, failed: new Map(keys.map((key) => [key, code])) };
  }
  const { deleted, failed } = outcome;
  await settle(ports.admin, batch.map((entry) => outcomeOf(entry, live, failed.get(entry.target))));
  return { claimed: batch.length, deleted, failed: failed.size };
}

/** Settles entries for which the bucket has not even said what a batch is. */
async function failAll(
  { admin }: SweepPorts,
  entries: StorageDeletion[],
  error: string,
): Promise<SweepResult> {
  await settle(admin, entries.map((entry) => outcomeOf(entry, new Map(), error)));
  return { claimed: entries.length, deleted: 0, failed: entries.length };
}

async function sweepKeys(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  let total = NOTHING;
  if (entries.length === 0) return total;
  let size: number;
  try {
    size = await ports.store.keysPerBatch();
  } catch (error) {
    return await failAll(ports, entries, bucketCode(error));
  }
  for (const batch of chunked(entries, size)) {
    if (isLate(ports)) {
      await settle(ports.admin, entries.slice(total.claimed).map(released));
      return { ...total, claimed: entries.length };
    }
    total = sumOf(total, await sweepBatch(ports, batch));
  }
  return total;
}

async function sweepPrefixes(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const left: StorageDeletion[] = [];
  const results = await eachOf(entries, PARALLEL_PREFIXES, async (entry) => {
    if (!isLate(ports)) return await sweepPrefix(ports, entry);
    left.push(entry);
    return { ...NOTHING, claimed: 1 };
  });
  await settle(ports.admin, left.map(released));
  return results.reduce(sumOf, NOTHING);
}

/** Removes the objects of claimed entries, in batches, and settles each entry. */
export async function sweep(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const keys = await sweepKeys(ports, entries.filter(({ is_prefix }) => !is_prefix));
  const prefixes = await sweepPrefixes(ports, entries.filter(({ is_prefix }) => is_prefix));
  return sumOf(keys, prefixes);
}
