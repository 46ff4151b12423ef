import { describeError, type LogLevel } from "./log.ts";
import { asArchiveError } from "./error_answer.ts";

/** Writes the one line of a request, when all of its answer is on its way. */
export type CloseLog = (level: LogLevel, outcome: string, fields: Record<string, unknown>) => void;

/**
 * Passes chunks of an answer on, and logs at the end how many bytes they had and how they ended.
 *
 * @param signal aborted when the caller goes away
 */
export async function* withEnding(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  close: CloseLog,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // Stays so where the reader goes away: the generator is then ended at its yield.
  let ending: Parameters<CloseLog> = ["info", "cancelled", { status: 200 }];
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
    ending = ["info", "ok", { status: 200 }];
  } catch (error) {
    const { code } = asArchiveError(error);
    // A reader that went away is no failure of ours, also where a query noticed it first.
    if (!signal.aborted) {
      ending = ["error", "aborted", { status: 200, code, cause: describeError(error) }];
    }
    throw error;
  } finally {
    const [level, outcome, fields] = ending;
    close(level, outcome, { ...fields, bytes });
  }
}
