import { delay } from "@shared/async.ts";
import type { S3Timeouts } from "./s3_timeouts.ts";

/** How long one attempt may take: until its answer begins, and again until its last byte has come. */
export type ReadTimeouts = Pick<S3Timeouts, "attemptMs" | "silenceMs">;

/** As often as the SDK tries. */
const ATTEMPTS = 3;
/** Milliseconds between two attempts at most. */
const MAX_PAUSE_MS = 200;

async function attempt(url: string, requestId: string, timeouts: ReadTimeouts) {
  const response = await fetch(url, {
    headers: { "x-request-id": requestId },
    signal: AbortSignal.timeout(timeouts.attemptMs + timeouts.silenceMs),
    redirect: "error",
  });
  // Joined they would have to be copied, and large buffers wait long for the garbage collector.
  if (response.ok) return await Array.fromAsync(response.body ?? []);
  const text = await response.text();
  // A bucket that is missing is a failure; an object that is missing is an answer.
  if (response.status === 404 && !text.includes("NoSuchBucket")) return null;
  const [, code = "no code"] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
  throw Object.assign(new Error(`the bucket answered ${response.status} ${code}`), {
    name: code,
    final: response.status < 500 && response.status !== 429,
  });
}

/**
 * Reads a signed address into memory.
 *
 * @returns its bytes in the pieces in which they came, or null where there is no such object
 */
export async function readAll(
  url: string,
  requestId: string,
  timeouts: ReadTimeouts,
): Promise<Uint8Array[] | null> {
  for (let left = ATTEMPTS;; left--) {
    try {
      return await attempt(url, requestId, timeouts);
    } catch (error) {
      if (left === 1 || (error as { final?: boolean }).final) throw error;
      await delay(Math.random() * MAX_PAUSE_MS);
    }
  }
}
