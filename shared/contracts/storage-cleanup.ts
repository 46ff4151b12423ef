import { z } from "zod";
import type { Contract } from "./contract.ts";
import { plainText } from "./values.ts";

/** An object key; in a list, everything up to it has been compared. */
const Key = plainText(1024).min(1);

/** POST storage-cleanup, with the secret key. */
export const StorageCleanupRequest = z.strictObject({
  /** Keys to work on at most; a chat counts as 40. The default fits into 2 s of CPU. */
  limit: z.int().min(1).max(100_000).default(10_000),
  /**
   * Compares the bucket with the rows instead of emptying the outbox. dry-run changes nothing; apply
   * enqueues the orphans.
   */
  reconcile: z.enum(["dry-run", "apply"]).optional(),
  /** With apply: the `orphans` that a dry run of the same range gave. More than that are refused. */
  expected: z.int().min(0).optional(),
  /**
   * dry-run says whether the bucket is this database's; apply makes it so, after a restore. Nothing else
   * is done.
   */
  accept_restore: z.enum(["dry-run", "apply"]).optional(),
  /** Compare only keys after it: `next` of an earlier answer. */
  after: Key.optional(),
  /** Compare only keys up to it, itself included. */
  until: Key.optional(),
}).superRefine(({ reconcile, accept_restore, expected, after, until }, context) => {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (reconcile && accept_restore) refuse("accept_restore", "goes without reconcile only");
  if (reconcile === "apply" && expected === undefined) {
    refuse("expected", "is needed: the orphans that a dry run gave");
  }
  if (reconcile !== "apply" && expected !== undefined) refuse("expected", "goes with apply only");
  if (!reconcile && after !== undefined) refuse("after", "goes with reconcile only");
  if (!reconcile && until !== undefined) refuse("until", "goes with reconcile only");
});
/** POST storage-cleanup. */
export type StorageCleanupRequest = z.infer<typeof StorageCleanupRequest>;

/** What is in the queue after either verb. */
const queue = {
  /** Entries that are due now; 10001: more than 10,000. */
  pending: z.int(),
  /** Entries that were given up; 10001: more than 10,000. */
  dead: z.int(),
};

/** 200: what a run of the worker did. */
export const CleanupReport = z.object({
  claimed: z.int(),
  /** Objects. */
  deleted: z.int(),
  /** Entries that will be tried again. */
  failed: z.int(),
  expired_uploads: z.int(),
  /** Messages that were streaming for too long without a change. */
  incomplete_messages: z.int().optional(),
  /** Steps of the run that failed; the log says why. The next run tries them again. */
  failed_steps: z.array(z.string()).optional(),
  /**
   * Why nothing was deleted. restored: the bucket was last used by another or a later database.
   * unreachable: its marker could not be read or written; nothing was tried.
   */
  bucket: z.enum(["restored", "unreachable"]).optional(),
  ...queue,
});
/** 200 of storage-cleanup without reconcile. */
export type CleanupReport = z.infer<typeof CleanupReport>;

/** 200 with reconcile: how the bucket and the rows differ. */
export const ReconcileReport = z.object({
  /** Objects. */
  compared: z.int(),
  /** Objects that no row names: listed by a dry run, enqueued by apply. */
  orphans: z.int(),
  /** The first 100 of them. */
  orphan_keys: z.array(z.string()),
  /** Objects that are not of a user and chat that this database knows. They are left alone. */
  foreign: z.int(),
  /** Keys that rows name and the bucket lacks. Their rows are left alone. */
  missing: z.int(),
  /** The first 100 of them. */
  missing_keys: z.array(z.string()),
  /** The bucket is larger than one request: go on with it as `after`. Absent at the end. */
  next: z.string().optional(),
  ...queue,
});
/** 200 of storage-cleanup with reconcile. */
export type ReconcileReport = z.infer<typeof ReconcileReport>;

const Marker = z.object({
  /** Address of the project; empty where it is on loopback. */
  project: z.string(),
  /** The cluster's system_identifier, and the database's oid. */
  database: z.string(),
  /** Runs of the worker that were counted: it counts before it deletes, and where files came or went. */
  runs: z.int(),
});

/** 200 with accept_restore: whether the bucket is this database's. */
export const RestoreReport = z.object({
  /**
   * same: it is. no_marker: this database has deleted elsewhere, and nobody here. other_identity:
   * another database has deleted here. bucket_ahead: a later state of this one has.
   */
  verdict: z.enum(["same", "no_marker", "other_identity", "bucket_ahead"]),
  /** What lies in the bucket. */
  marker: Marker.nullable(),
  /** What this database would write there. */
  here: Marker,
  /** Was the bucket made this database's? */
  accepted: z.boolean(),
  ...queue,
});
/** 200 of storage-cleanup with accept_restore. */
export type RestoreReport = z.infer<typeof RestoreReport>;

/** 200: of the verb that was asked for. */
export const StorageCleanupResponse = z.union([CleanupReport, ReconcileReport, RestoreReport]);
/** 200 of storage-cleanup. */
export type StorageCleanupResponse = z.infer<typeof StorageCleanupResponse>;

/** How storage-cleanup is called. */
export const STORAGE_CLEANUP = {
  name: "storage-cleanup",
  method: "POST",
  access: "secret",
  summary: "The worker: empties the deletion outbox, or compares the bucket with the rows.",
  request: StorageCleanupRequest,
  answers: { 200: StorageCleanupResponse },
  errors: ["conflict", "storage_disabled", "storage_unavailable"],
} as const satisfies Contract;
