/**
 * Whether the marker in a bucket is that of the database that is to use it.
 *
 * @module
 */
import { RestoreReport } from "@shared/contracts/storage-cleanup.ts";
import { compareBucket, type Verdict } from "../../supabase/functions/_shared/bucket_identity.ts";
import { adminOf, apiOf } from "./api.ts";
import type { StorageCall } from "./command.ts";
import { VERDICTS } from "./verdicts.ts";
import { callWorker } from "./worker_api.ts";

/** What was found: a verdict, or `new`: nobody has deleted there yet; `not_asked`: no API is known. */
export type MarkerAnswer = Verdict | "new" | "not_asked" | "unknown";

/** An answer, what it means, and what has to be done. */
export interface MarkerFinding {
  answer: MarkerAnswer;
  meaning: string;
  warning?: string;
}

/** Compares the bucket with the database behind the running stack's API, or that of SUPABASE_URL. */
export async function examineMarker(
  call: Pick<StorageCall, "store" | "stack" | "env">,
): Promise<MarkerFinding> {
  const api = apiOf(call);
  if (!api) {
    const meaning = "no API is known here: set SUPABASE_URL and SUPABASE_SERVICE_KEY to compare";
    return { answer: "not_asked", meaning };
  }
  let answer: Verdict | "new";
  try {
    // The functions know the project by an address that operators need not use.
    const { here } = await callWorker(api, { accept_restore: "dry-run" }, RestoreReport);
    const ports = { admin: adminOf(api), store: call.store, project: here.project };
    answer = (await compareBucket(ports)).verdict;
  } catch (error) {
    const meaning = (error as Error).message;
    return { answer: "unknown", meaning, warning: `marker is unknown: ${meaning}` };
  }
  if (answer === "new") {
    return { answer, meaning: "the worker's first run makes it this database's" };
  }
  const meaning = VERDICTS[answer];
  if (answer === "same") return { answer, meaning };
  const warning = `${meaning}. Nothing is deleted until \`deno task storage accept-restore\``;
  return { answer, meaning, warning };
}
