/**
 * Works on the deletion outbox: claims entries, removes the objects, then records it.
 *
 * An entry is settled only after the bucket has answered, so a worker that is killed at any point
 * leaves its entries leased; they are claimed again, and deleting a missing object succeeds. Leases
 * begin and end by the database's clock; this process only measures how long its own work takes.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient, StorageDeletion } from "@shared/rows.ts";
import { failpoint } from "./failpoint.ts";
import type { ObjectStore } from "./object_store.ts";
import { query } from "@shared/query.ts";

/** Keys of one DeleteObjects call (S3's limit). */
const KEYS_PER_CALL = 1000;
/** Entries that are claimed at a time: the API gives no more rows. */
export const ENTRIES_PER_CLAIM = 1000;
/** Chats that are emptied side by side: each is a few round trips and little else. */
const PARALLEL_PREFIXES = 8;
/** Seconds that a worker keeps an entry without settling it or saying that it is still at work. */
const LEASE_SECONDS = 120;

/** What a sweep needs. */
export interface SweepPorts {
  /** Bypasses RLS: only service_role may claim and settle. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "list" | "deleteMany">;
  /** Of `performance.now()`: after it no new batch is begun. */
  deadline: number;
}

/** What a sweep did. */
export interface SweepResult {
  claimed: number;
  /** Objects. */
  deleted: number;
  /** Entries that will be tried again later. */
  failed: number;
}

interface Outcome {
  id: string;
  locked_until: string | null;
  outcome: "done" | "failed" | "progress" | "released" | "postponed";
  objects_deleted: number;
  error?: string;
}

/**
 * Leases entries to this worker.
 *
 * @param limit     how many at most
 * @param onlyChats of these chats, whether due or in back-off; otherwise whatever is due
 */
export async function claim(
  admin: ArchiveClient,
  limit: number,
  onlyChats?: string[],
): Promise<StorageDeletion[]> {
  const entries = await query(() =>
    admin.rpc("claim_storage_deletions", {
      max_entries: Math.min(limit, ENTRIES_PER_CLAIM),
      lease_seconds: LEASE_SECONDS,
      ...(onlyChats ? { only_chats: onlyChats } : {}),
    })
  );
  if (entries.length > 0) await failpoint("sweep.claimed");
  return entries;
}

async function settle(admin: ArchiveClient, results: Outcome[]) {
  if (results.length === 0) return [];
  const rows = await query(() =>
    admin.rpc("settle_storage_deletions", {
      results: results as unknown as never,
      lease_seconds: LEASE_SECONDS,
    })
  );
  await failpoint("sweep.settled");
  return rows;
}

/** Those keys that a row or an open reservation names; true where it is a reservation. */
async function liveKeys({ admin }: SweepPorts, keys: string[]): Promise<Map<string, boolean>> {
  const rows = await query(() => admin.rpc("live_object_keys", { keys }));
  return new Map(rows.map(({ key, reserved }) => [key, reserved]));
}

/**
 * Pages of what lies below a deleted chat's prefix, each with its keys that are live. Rows that name
 * one can't be without their chat, and a key is never used again: where the chat is not there after
 * the page was listed, none of them is live, nor will be.
 */
async function* pagesOf(ports: SweepPorts, { target, chat_id }: StorageDeletion) {
  for await (const objects of ports.store.list(target)) {
    await failpoint("sweep.listed");
    const keys = objects.map(({ key }) => key);
    const chats = await query(() => ports.admin.from("chats").select("id").eq("id", chat_id!));
    yield { keys, live: chats.length > 0 ? await liveKeys(ports, keys) : new Map() };
  }
}

/** Deletes keys that are not live. @returns code by key for those that failed, and a count */
async function deleteKeys({ store }: SweepPorts, keys: string[], live: Map<string, boolean>) {
  const doomed = [...new Set(keys)].filter((key) => !live.has(key));
  const failures = doomed.length > 0 ? await store.deleteMany(doomed) : [];
  await failpoint("sweep.answered");
  return {
    deleted: doomed.length - failures.length,
    failed: new Map(failures.map(({ key, code }) => [key, code])),
  };
}

/** Asks for the next page while the one before it is worked on. */
async function* ahead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      // Whoever stops early never looks at it.
      next.catch(() => {});
      yield value;
    }
  } finally {
    // Not awaited: a page that is under way is nobody's business any more.
    iterator.return?.().catch(() => {});
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof ChatArchiveError)) throw error;
  if (error.code !== "storage_unavailable") throw error;
  return (error.cause as Error)?.name ?? error.code;
}

const isLate = ({ deadline }: SweepPorts) => performance.now() >= deadline;

const released = ({ id, locked_until }: StorageDeletion): Outcome => ({
  id,
  locked_until,
  outcome: "released",
  objects_deleted: 0,
});

async function sweepKeys(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const result = { claimed: entries.length, deleted: 0, failed: 0 };
  for (let start = 0; start < entries.length; start += KEYS_PER_CALL) {
    if (isLate(ports)) {
      await settle(ports.admin, entries.slice(start).map(released));
      break;
    }
    const batch = entries.slice(start, start + KEYS_PER_CALL);
    let failed = new Map<string, string>();
    let live = new Map<string, boolean>();
    try {
      const keys = batch.map(({ target }) => target);
      live = await liveKeys(ports, keys);
      const outcome = await deleteKeys(ports, keys, live);
      failed = outcome.failed;
      result.deleted += outcome.deleted;
    } catch (error) {
      const code = codeOf(error);
      failed = new Map(batch.map(({ target }) => [target, code]));
    }
    result.failed += failed.size;
    await settle(
      ports.admin,
      batch.map(({ id, locked_until, target }) => {
        const error = failed.get(target);
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
      }),
    );
  }
  return result;
}

async function sweepPrefix(ports: SweepPorts, entry: StorageDeletion): Promise<SweepResult> {
  let { locked_until } = entry;
  let deleted = 0;
  let unsettled = 0;
  let error: string | undefined;
  let late = false;
  let renewed = performance.now();
  const settleAs = async (outcome: Outcome["outcome"]) => {
    const [row] = await settle(ports.admin, [{
      id: entry.id,
      locked_until,
      outcome,
      objects_deleted: unsettled,
      ...(error ? { error } : {}),
    }]);
    unsettled = 0;
    return row;
  };
  try {
    for await (const { keys, live } of ahead(pagesOf(ports, entry))) {
      const outcome = await deleteKeys(ports, keys, live);
      deleted += outcome.deleted;
      unsettled += outcome.deleted;
      error ??= outcome.failed.values().next().value;
      late = isLate(ports);
      if (late) break;
      if (performance.now() - renewed > LEASE_SECONDS * 300) {
        const row = await settleAs("progress");
        // Another worker has taken over while this one was paused.
        if (!row) return { claimed: 1, deleted, failed: 0 };
        locked_until = row.locked_until;
        renewed = performance.now();
      }
    }
  } catch (thrown) {
    error = codeOf(thrown);
  }
  await settleAs(error ? "failed" : late ? "released" : "done");
  return { claimed: 1, deleted, failed: error ? 1 : 0 };
}

async function sweepPrefixes(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const total = { claimed: 0, deleted: 0, failed: 0 };
  const queue = entries.values();
  const workers = await Promise.allSettled(Array.from({ length: PARALLEL_PREFIXES }, async () => {
    while (!isLate(ports)) {
      const { value: entry } = queue.next();
      if (!entry) return;
      const one = await sweepPrefix(ports, entry);
      total.claimed += one.claimed;
      total.deleted += one.deleted;
      total.failed += one.failed;
    }
  }));
  // All have stopped before the first error goes on: nothing works behind an answer.
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  const left = [...queue];
  await settle(ports.admin, left.map(released));
  total.claimed += left.length;
  return total;
}

/** Removes the objects of claimed entries, in batches, and settles each entry. */
export async function sweep(ports: SweepPorts, entries: StorageDeletion[]): Promise<SweepResult> {
  const keys = await sweepKeys(ports, entries.filter(({ is_prefix }) => !is_prefix));
  const prefixes = await sweepPrefixes(ports, entries.filter(({ is_prefix }) => is_prefix));
  return {
    claimed: keys.claimed + prefixes.claimed,
    deleted: keys.deleted + prefixes.deleted,
    failed: keys.failed + prefixes.failed,
  };
}
