import { z } from "zod";
import type { Contract } from "./contract.ts";

const Status = z.enum(["ok", "degraded", "down"]);

/** What is wrong, in one word. No host, no key. */
const Reason = z.enum([
  /** Nobody answers, or not in time. */
  "unreachable",
  /** The bucket refuses the keys. */
  "bad_credentials",
  "missing_bucket",
  /** The database is older than the functions. */
  "missing_migration",
  /** The bucket was last used by another or a later database: nothing is deleted until an operator says so. */
  "restored",
  /** No worker has run for five minutes. */
  "no_worker",
  /** Entries of the queue were given up. */
  "dead_letters",
  /** Workers run, and yet entries have been due for a quarter of an hour. */
  "stuck_queue",
]);

const Check = z.object({
  status: z.enum(["ok", "degraded", "down", "disabled"]),
  latency_ms: z.int(),
  reason: Reason.optional(),
});

/** GET health: 200, or 503 when `status` is down. */
export const HealthResponse = z.object({
  status: Status,
  checks: z.object({
    database: Check,
    storage: Check,
    cleanup: Check.extend({
      pending: z.int().nullable(),
      dead: z.int().nullable(),
      /** Age of the oldest due entry; null where there is none. */
      oldest_seconds: z.number().nullable(),
    }),
  }),
  version: z.string(),
});
/** GET health. */
export type HealthResponse = z.infer<typeof HealthResponse>;

/** GET health takes nothing; what a monitor adds to the address is ignored. */
export const HealthRequest = z.object({});

/** How health is called. */
export const HEALTH = {
  name: "health",
  method: "GET",
  access: "none",
  summary: "The state of database, bucket and worker; 503 when it is down. Kept for 5 seconds.",
  request: HealthRequest,
  answers: { 200: HealthResponse, 503: HealthResponse },
  errors: [],
} as const satisfies Contract;
