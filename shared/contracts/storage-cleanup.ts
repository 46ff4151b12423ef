import { z } from "zod";
import type { Contract } from "./contract.ts";

/** POST storage-cleanup, with the secret key. */
export const StorageCleanupRequest = z.strictObject({
  /** Entries of the outbox to work on at most. */
  limit: z.int().min(1).max(100_000).default(10_000),
});
/** POST storage-cleanup. */
export type StorageCleanupRequest = z.infer<typeof StorageCleanupRequest>;

/** 200: what this run did, and what is left. */
export const StorageCleanupResponse = z.object({
  claimed: z.int(),
  /** Objects. */
  deleted: z.int(),
  /** Entries that will be tried again. */
  failed: z.int(),
  /** Entries that are due now. */
  pending: z.int(),
  /** Entries that were given up. */
  dead: z.int(),
  expired_uploads: z.int(),
});
/** 200 of storage-cleanup. */
export type StorageCleanupResponse = z.infer<typeof StorageCleanupResponse>;

/** How storage-cleanup is called. */
export const STORAGE_CLEANUP = {
  name: "storage-cleanup",
  method: "POST",
  access: "secret",
  summary: "The worker: expires reservations and empties the deletion outbox.",
  request: StorageCleanupRequest,
  answers: { 200: StorageCleanupResponse },
  errors: [],
} as const satisfies Contract;
