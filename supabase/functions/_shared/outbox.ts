/**
 * The deletion outbox, as a worker uses it: entries are leased, then settled.
 *
 * An entry is settled only after the bucket has answered, so a worker that is killed at any point
 * leaves its entries leased; they are claimed again, and deleting a missing object succeeds. Leases
 * begin and end by the database's clock; this process only measures how long its own work takes.
 *
 * @module
 */
import { query } from "@shared/query.ts";
import type { ArchiveClient, StorageDeletion } from "@shared/rows.ts";
import { failpoint } from "./failpoint.ts";

/** Entries that are claimed at a time: the API gives no more rows. */
export const ENTRIES_PER_CLAIM = 1000;
/** Seconds that a worker keeps an entry without settling it or saying that it is still at work. */
export const LEASE_SECONDS = 120;

/** What became of an entry. */
export interface Outcome {
  id: string;
  /** As the claim, or the last progress, gave it: another worker's lease is left alone. */
  locked_until: string | null;
  outcome: "done" | "failed" | "progress" | "released" | "postponed" | "unfinished";
  /** Since the last outcome. */
  objects_deleted: number;
  /** The bucket's code. */
  error?: string;
}

/**
 * Leases entries to this worker.
 *
 * @param admin     bypasses RLS: only service_role may claim and settle
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

/** Records outcomes. @returns the entries whose lease was still this worker's, as they are now */
export async function settle(
  admin: ArchiveClient,
  results: Outcome[],
): Promise<Pick<StorageDeletion, "id" | "locked_until">[]> {
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

/** Gives an entry back at once: nothing was tried. */
export const released = ({ id, locked_until }: StorageDeletion): Outcome => ({
  id,
  locked_until,
  outcome: "released",
  objects_deleted: 0,
});
