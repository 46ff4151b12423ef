/**
 * Removes the objects of claimed outbox entries, in batches, and settles each entry.
 *
 * @module
 */
import { chunked, eachOf } from "@shared/async.ts";
import type { StorageDeletion } from "@shared/rows.ts";
import {
  bucketCode,
  deleteObjects,
  type LiveKeys,
  liveKeys,
  outcomeOfLeft,
} from "./delete_objects.ts";
import { type Outcome, released, settle } from "./outbox.ts";
import { isLate, NOTHING, sumOf, type SweepPorts, type SweepResult } from "./sweep_ports.ts";
import { sweepPrefix } from "./sweep_prefix.ts";

/** Chats that are emptied side by side: each is a few round trips and little else. */
const PARALLEL_PREFIXES = 8;

/** What became of the entry of one key. @param code the bucket's, where something is left of it */
function outcomeOf(
  { id, locked_until, target }: StorageDeletion,
  live: LiveKeys,
  code: string | undefined,
): Outcome {
  const base = { id, locked_until, objects_deleted: 0 };
  if (code !== undefined) {
    const left = outcomeOfLeft(code);
    return { ...base, outcome: left, ...(left === "failed" ? { error: code } : {}) };
  }
  // A key that a row names is done with: whatever deletes the row enqueues it again. An open
  // reservation enqueues nothing when it is confirmed, so its key is looked at again.
  if (live.get(target) === true) return { ...base, outcome: "postponed" };
  return { ...base, outcome: "done", objects_deleted: live.has(target) ? 0 : 1 };
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
  const { deleted, failed: left } = outcome;
  const outcomes = batch.map((entry) => outcomeOf(entry, live, left.get(entry.target)));
  await settle(ports.admin, outcomes);
  const failed = outcomes.filter(({ outcome }) => outcome === "failed").length;
  return { claimed: batch.length, deleted, failed, exhausted: left.size > failed };
}

/** Settles entries for which the bucket has not even said what a batch is. */
async function failAll(
  { admin }: SweepPorts,
  entries: StorageDeletion[],
  error: string,
): Promise<SweepResult> {
  await settle(admin, entries.map((entry) => outcomeOf(entry, new Map(), error)));
  return { ...NOTHING, claimed: entries.length, failed: entries.length };
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
    if (total.exhausted || isLate(ports)) {
      await settle(ports.admin, entries.slice(total.claimed).map(released));
      return { ...total, claimed: entries.length };
    }
    total = sumOf(total, await sweepBatch(ports, batch));
  }
  return total;
}

async function sweepPrefixes(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const left: StorageDeletion[] = [];
  let total = NOTHING;
  await eachOf(entries, PARALLEL_PREFIXES, async (entry) => {
    if (total.exhausted || isLate(ports)) return void left.push(entry);
    const result = await sweepPrefix(ports, entry);
    total = sumOf(total, result);
  });
  await settle(ports.admin, left.map(released));
  return { ...total, claimed: entries.length };
}

/** Removes the objects of claimed entries, in batches, and settles each entry. */
export async function sweep(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const kinds = [
    { isPrefix: false, work: sweepKeys },
    { isPrefix: true, work: sweepPrefixes },
  ];
  // The kind of the first goes first: where versions are used up, the other one's turn comes, as its
  // entries have waited longer then.
  if (entries[0]?.is_prefix) kinds.reverse();
  let total = NOTHING;
  for (const { isPrefix, work } of kinds) {
    const some = entries.filter(({ is_prefix }) => is_prefix === isPrefix);
    if (total.exhausted) await settle(ports.admin, some.map(released));
    else total = sumOf(total, await work(ports, some));
  }
  return { ...total, claimed: entries.length };
}
