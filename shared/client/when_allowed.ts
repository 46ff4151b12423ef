import { delay } from "../async.ts";
import { ChatArchiveError } from "../errors.ts";
import type { Operation } from "./operation.ts";

/** With the least rate, one a minute, this is ten minutes. */
const ATTEMPTS = 10;

/**
 * Runs a request to a function, again where the user calls it too often: after the time that the answer
 * names, and a little more, so that several that wait do not come back together.
 *
 * @param request one attempt, with a time limit of its own
 * @throws {ChatArchiveError} `rate_limited` where ten attempts were too many
 */
export async function whenAllowed<T>(
  { signal }: Pick<Operation, "signal">,
  request: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await request();
    } catch (error) {
      const wait = error instanceof ChatArchiveError && error.code === "rate_limited"
        ? error.retryAfter
        : undefined;
      if (wait === undefined || attempt === ATTEMPTS) throw error;
      await delay((wait + Math.random()) * 1000, signal);
    }
  }
}
