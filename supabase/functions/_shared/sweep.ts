/**
 * Works on claimed entries of the deletion outbox: removes the objects, then records it.
 *
 * An entry is settled only after the bucket has answered, so a worker that is killed at any point
 * leaves its entries leased; they are claimed again, and deleting a missing object succeeds.
 *
 * @module
 */
import type { Database } from "@shared/database.types.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "./clients.ts";
import type { ObjectStore } from "./object_store.ts";
import { query } from "./query.ts";

/** Entry of the outbox. */
export type Deletion = Database["public"]["Tables"]["storage_deletions"]["Row"];

/** Keys of one DeleteObjects call (S3's limit). */
const KEYS_PER_CALL = 1000;
/** Seconds that a worker keeps an entry without settling it or saying that it is still at work. */
export const LEASE_SECONDS = 120;

/** What a sweep needs. */
export interface SweepPorts {
  /** Bypasses RLS: only service_role may claim and settle. */
  admin: ArchiveClient;
  store: ObjectStore;
  /** Milliseconds since the epoch after which no new batch is begun. */
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

async function settle(admin: ArchiveClient, results: Outcome[]) {
  if (results.length === 0) return [];
  return await query(() =>
    admin.rpc("settle_storage_deletions", {
      results: results as unknown as never,
      lease_seconds: LEASE_SECONDS,
    })
  );
}

/** Deletes keys that no live row names. @returns code by key for those that failed, and a count */
async function deleteKeys({ admin, store }: SweepPorts, keys: string[]) {
  const live = new Map(
    (await query(() => admin.rpc("live_object_keys", { keys })))
      .map(({ key, reserved }) => [key, reserved]),
  );
  const doomed = keys.filter((key) => !live.has(key));
  const failures = doomed.length > 0 ? await store.deleteMany(doomed) : [];
  return {
    deleted: doomed.length - failures.length,
    failed: new Map(failures.map(({ key, code }) => [key, code])),
    live,
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof ChatArchiveError)) throw error;
  if (error.code !== "storage_unavailable") throw error;
  return (error.cause as Error)?.name ?? error.code;
}

async function sweepKeys(ports: SweepPorts, entries: Deletion[]): Promise<SweepResult> {
  const result = { claimed: entries.length, deleted: 0, failed: 0 };
  for (let start = 0; start < entries.length; start += KEYS_PER_CALL) {
    const batch = entries.slice(start, start + KEYS_PER_CALL);
    const late = Date.now() >= ports.deadline;
    let failed = new Map<string, string>();
    let live = new Map<string, boolean>();
    if (!late) {
      try {
        const outcome = await deleteKeys(ports, batch.map(({ target }) => target));
        ({ failed, live } = outcome);
        result.deleted += outcome.deleted;
      } catch (error) {
        const code = codeOf(error);
        failed = new Map(batch.map(({ target }) => [target, code]));
      }
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
          outcome: late ? "released" : error ? "failed" : reserved ? "postponed" : "done",
          objects_deleted: late || error || live.has(target) ? 0 : 1,
          ...(error ? { error } : {}),
        };
      }),
    );
  }
  return result;
}

async function sweepPrefix(ports: SweepPorts, entry: Deletion): Promise<SweepResult> {
  let { locked_until } = entry;
  let deleted = 0;
  let unsettled = 0;
  let error: string | undefined;
  let late = Date.now() >= ports.deadline;
  let renewed = Date.now();
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
    if (!late) {
      for await (const page of ports.store.list(entry.target)) {
        const outcome = await deleteKeys(ports, page.map(({ key }) => key));
        deleted += outcome.deleted;
        unsettled += outcome.deleted;
        error ??= outcome.failed.values().next().value;
        late = Date.now() >= ports.deadline;
        if (late) break;
        if (Date.now() - renewed > LEASE_SECONDS * 300) {
          const row = await settleAs("progress");
          // Another worker has taken over while this one was paused.
          if (!row) return { claimed: 1, deleted, failed: 0 };
          locked_until = row.locked_until;
          renewed = Date.now();
        }
      }
    }
  } catch (thrown) {
    error = codeOf(thrown);
  }
  await settleAs(error ? "failed" : late ? "released" : "done");
  return { claimed: 1, deleted, failed: error ? 1 : 0 };
}

/** Removes the objects of claimed entries, in batches, and settles each entry. */
export async function sweep(ports: SweepPorts, entries: Deletion[]): Promise<SweepResult> {
  const total = await sweepKeys(ports, entries.filter(({ is_prefix }) => !is_prefix));
  for (const entry of entries.filter(({ is_prefix }) => is_prefix)) {
    const one = await sweepPrefix(ports, entry);
    total.claimed += one.claimed;
    total.deleted += one.deleted;
    total.failed += one.failed;
  }
  return total;
}
