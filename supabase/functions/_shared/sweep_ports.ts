import type { ArchiveClient } from "@shared/rows.ts";
import type { ObjectStore } from "./object_store.ts";

/** What a sweep needs. */
export interface SweepPorts {
  /** Bypasses RLS: only service_role may claim and settle. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "list" | "deleteMany" | "keysPerBatch">;
  /** Of `performance.now()`: after it no new batch is begun. */
  deadline: number;
  /**
   * Keys that may still be deleted, counted down as they are: after the last one no new page of a chat
   * is begun. Without it time alone ends a sweep.
   */
  keys?: { left: number };
}

/** Keys that one request may delete: they fit into the platform's 2 s of CPU (docs/deletion.md). */
export const KEYS_PER_REQUEST = 10_000;

/** What a sweep did. */
export interface SweepResult {
  claimed: number;
  /** Objects. */
  deleted: number;
  /** Entries that will be tried again later. */
  failed: number;
  /** The versions that one call may delete are used up: a later call goes on. */
  exhausted: boolean;
}

/** What a sweep of nothing did. */
export const NOTHING: SweepResult = { claimed: 0, deleted: 0, failed: 0, exhausted: false };

/** Is the time of a sweep up, or the number of its keys? */
export const isLate = ({ deadline, keys }: SweepPorts): boolean =>
  performance.now() >= deadline || keys !== undefined && keys.left <= 0;

/** What two sweeps did together. */
export const sumOf = (one: SweepResult, other: SweepResult): SweepResult => ({
  claimed: one.claimed + other.claimed,
  deleted: one.deleted + other.deleted,
  failed: one.failed + other.failed,
  exhausted: one.exhausted || other.exhausted,
});
