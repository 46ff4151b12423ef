/**
 * Runs operations on a bucket within a time limit. The SDK repeats an attempt that failed.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { within } from "@shared/async.ts";
import { loadSdk } from "./s3_client.ts";
import { unavailable } from "./s3_errors.ts";

/** What goes with one request of the SDK. */
export interface SendOptions {
  abortSignal: AbortSignal;
  /** Milliseconds until the answer to one attempt begins; 0: no limit. */
  requestTimeout?: number;
}

/** How an operation is run. */
export interface RunOptions {
  /** Errors that are an answer: `null`. */
  expected?: (error: unknown) => boolean;
  /** Milliseconds for the operation, its repetitions included; Infinity: no limit. */
  operationMs?: number;
  /** Milliseconds until the answer to one attempt begins; 0: no limit. */
  attemptMs?: number;
  /** The caller's. */
  signal?: AbortSignal | undefined;
}

/** What an operation sends with. */
export type Operation<T> = (
  s3: S3Client,
  sdk: Awaited<ReturnType<typeof loadSdk>>,
  options: SendOptions,
) => Promise<T>;

/**
 * Runs an operation.
 *
 * @returns what it returns, or null where it failed as expected
 * @throws {ChatArchiveError} `storage_unavailable`, with the cause kept
 */
export type Run = {
  <T>(
    operation: Operation<T>,
    options: RunOptions & Required<Pick<RunOptions, "expected">>,
  ): Promise<
    T | null
  >;
  <T>(operation: Operation<T>, options?: Omit<RunOptions, "expected">): Promise<T>;
};

/**
 * @param client      is opened when the first operation needs it
 * @param operationMs milliseconds for an operation that says nothing else
 */
export function createRunner(client: () => Promise<S3Client>, operationMs: number): Run {
  return async <T>(operation: Operation<T>, options: RunOptions = {}): Promise<T> => {
    const { expected, attemptMs, signal } = options;
    const attempt = attemptMs === undefined ? {} : { requestTimeout: attemptMs };
    try {
      // Also where the SDK was aborted and still waits for the end of a body.
      return await within(
        options.operationMs ?? operationMs,
        async (abortSignal) =>
          await operation(await client(), await loadSdk(), { ...attempt, abortSignal }),
        signal,
      );
    } catch (error) {
      if (expected?.(error)) return null as T;
      throw unavailable(error);
    }
  };
}
