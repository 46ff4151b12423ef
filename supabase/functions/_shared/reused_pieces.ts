/** Bytes that are read at a time. */
const BUFFER_BYTES = 256 * 1024;

/**
 * The pieces of a stream; those of a byte stream, such as the body of a `fetch`, in one buffer, which is
 * used again for the next: keep a copy of what is needed later. It costs a third less CPU and half the
 * memory than the pieces as they come (docs/benchmarks.md). The stream is cancelled where its reader stops.
 */
export async function* reusedPieces(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Not a byte stream: its pieces are what they are.
    yield* body;
    return;
  }
  let buffer = new Uint8Array(BUFFER_BYTES);
  let whole = false;
  try {
    while (true) {
      const { done, value } = await reader.read(buffer);
      if (done) break;
      yield value;
      buffer = new Uint8Array(value.buffer);
    }
    whole = true;
  } finally {
    if (!whole) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
