/** How long a read may take, in milliseconds. */
export interface ReadPatience {
  /** Until the answer to one attempt begins, and again until its last byte has come. */
  attempt: number;
  silence: number;
}

/** As often as the SDK tries. */
const ATTEMPTS = 3;

async function attempt(url: string, requestId: string, patience: ReadPatience) {
  const response = await fetch(url, {
    headers: { "x-request-id": requestId },
    signal: AbortSignal.timeout(patience.attempt + patience.silence),
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
  patience: ReadPatience,
): Promise<Uint8Array[] | null> {
  for (let left = ATTEMPTS;; left--) {
    try {
      return await attempt(url, requestId, patience);
    } catch (error) {
      if (left === 1 || (error as { final?: boolean }).final) throw error;
      await new Promise((done) => setTimeout(done, Math.random() * 200));
    }
  }
}
