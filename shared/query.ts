/**
 * Queries through supabase-js: data, or an error of ours.
 *
 * @module
 */
import { delay } from "./async.ts";
import { databaseError, type QueryError } from "./database_errors.ts";

/** What supabase-js answers. */
interface QueryResult {
  data: unknown;
  error: QueryError | null;
  status?: number;
}

/** SQLSTATEs of a transaction that lost to another and can simply be run again. */
const LOST = new Set(["40001", "40P01"]);

/**
 * Runs a query, again where it lost a deadlock or a serialization conflict.
 *
 * @returns its data
 * @throws {ChatArchiveError} by the table of codes
 */
export async function query<Result extends QueryResult>(
  run: () => PromiseLike<Result>,
): Promise<Extract<Result, { error: null }>["data"]> {
  for (let attempt = 1;; attempt++) {
    const { data, error, status } = await run();
    if (!error) return data as Extract<Result, { error: null }>["data"];
    if (attempt === 3 || !LOST.has(error.code ?? "")) throw databaseError(error, status);
    await delay(Math.random() * 100 * attempt);
  }
}
