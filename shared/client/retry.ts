import { delay } from "../async.ts";
import { ChatArchiveError, type ErrorCode } from "../errors.ts";

/** What may be gone a moment later. */
const TRANSIENT = new Set<ErrorCode>(["storage_unavailable", "database_unavailable"]);

/**
 * Runs work that can be repeated, up to three times where it fails with what may pass.
 *
 * @param signal also ends the waits between the attempts
 */
export async function retried<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof ChatArchiveError && TRANSIENT.has(error.code);
      if (!passes || attempt === 3) throw error;
      await delay((0.5 + Math.random()) * 250 * attempt, signal);
    }
  }
}
