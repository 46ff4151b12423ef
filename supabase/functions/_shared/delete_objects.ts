/**
 * Deletes objects of the outbox, but for those that live rows name.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import { failpoint } from "./failpoint.ts";
import { MORE_VERSIONS, NOT_REACHED } from "./object_store.ts";
import type { SweepPorts } from "./sweep_ports.ts";

/** Keys that are live, each with whether an open reservation names it. */
export type LiveKeys = Map<string, boolean>;

/** Those keys that a row or an open reservation names; true where it is a reservation. */
export async function liveKeys({ admin }: SweepPorts, keys: string[]): Promise<LiveKeys> {
  const rows = await query(() => admin.rpc("live_object_keys", { keys }));
  return new Map(rows.map(({ key, reserved }) => [key, reserved]));
}

/** What becomes of the entry of a key of which something is left. @param code why */
export function outcomeOfLeft(code: string): "failed" | "unfinished" | "released" {
  if (code === MORE_VERSIONS) return "unfinished";
  return code === NOT_REACHED ? "released" : "failed";
}

/** Deletes keys that are not live. @returns code by key of which something is left, and a count */
export async function deleteObjects(
  { store }: SweepPorts,
  keys: string[],
  live: LiveKeys,
): Promise<{ deleted: number; failed: Map<string, string> }> {
  const doomed = [...new Set(keys)].filter((key) => !live.has(key));
  const failures = doomed.length > 0 ? await store.deleteMany(doomed) : [];
  await failpoint("sweep.answered");
  return {
    deleted: doomed.length - failures.length,
    failed: new Map(failures.map(({ key, code }) => [key, code])),
  };
}

/** The bucket's code for a failure of it. @throws whatever is no failure of the bucket */
export function bucketCode(error: unknown): string {
  if (!(error instanceof ChatArchiveError)) throw error;
  if (error.code !== "storage_unavailable") throw error;
  return (error.cause as Error)?.name ?? error.code;
}
