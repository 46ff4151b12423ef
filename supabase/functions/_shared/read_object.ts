import { delay } from "@shared/async.ts";
import type { S3Timeouts } from "./s3_timeouts.ts";

/** How long one attempt may take: until its answer begins, and without a byte. */
export type ReadTimeouts = Pick<S3Timeouts, "attemptMs" | "silenceMs">;

/** What becomes of the bytes. It says `alive` whenever some have come. */
export type ReadBody<T> = (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  alive: () => void,
) => Promise<T>;

/** As often as the SDK tries. */
const ATTEMPTS = 3;
/** Milliseconds between two attempts at most. */
const MAX_PAUSE_MS = 200;

async function attempt<T>(
  url: string,
  requestId: string,
  { attemptMs, silenceMs }: ReadTimeouts,
  read: ReadBody<T>,
) {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expectBytes = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error("the bucket sent no bytes in time")), ms);
  };
  try {
    expectBytes(attemptMs);
    const alive = () => expectBytes(silenceMs);
    return await receive(url, requestId, silence.signal, (body) => read(body, alive));
  } finally {
    clearTimeout(timer);
  }
}

async function receive<T>(
  url: string,
  requestId: string,
  signal: AbortSignal,
  read: (body: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<T>,
): Promise<T | null> {
  const headers = { "x-request-id": requestId };
  const response = await fetch(url, { headers, signal, redirect: "error" });
  if (response.ok) return await read(response.body ?? new Blob().stream());
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
 * Reads a signed address.
 *
 * @param read is called anew for each attempt
 * @returns what it returns, or null where there is no such object
 */
export async function readObject<T>(
  url: string,
  requestId: string,
  timeouts: ReadTimeouts,
  read: ReadBody<T>,
): Promise<T | null> {
  for (let left = ATTEMPTS;; left--) {
    try {
      return await attempt(url, requestId, timeouts, read);
    } catch (error) {
      if (left === 1 || (error as { final?: boolean }).final) throw error;
      await delay(Math.random() * MAX_PAUSE_MS);
    }
  }
}
