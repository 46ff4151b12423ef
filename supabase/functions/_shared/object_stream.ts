/**
 * Bytes on their way to and from a bucket that may fall silent at any moment.
 *
 * @module
 */
import { within } from "@shared/async.ts";
import { ChatArchiveError } from "@shared/errors.ts";

/** Bytes in a stream. */
export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Bytes that an upload hands over at a time. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The same bytes, and an error instead of a silence or of an end that comes too early.
 *
 * @param size      bytes that have to come
 * @param silenceMs milliseconds to wait for each of them
 * @param failed    turns what goes wrong into the error that the reader gets
 */
export function incoming(
  source: ByteStream,
  size: number,
  silenceMs: number,
  failed: (cause: unknown) => Error,
): ByteStream {
  const reader = source.getReader();
  let missing = size;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await within(silenceMs, () => reader.read());
        if (done && missing > 0) throw new Error(`the object ended ${missing} bytes too early`);
        if (done) return controller.close();
        missing -= value.length;
        controller.enqueue(value);
      } catch (error) {
        controller.error(failed(error));
        reader.cancel(error).catch(() => {});
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** An upload's body, and what watches over it. */
export interface Outgoing extends Disposable {
  body: ByteStream;
  /** Aborted when the bucket has taken nothing, or not answered, for too long. */
  signal: AbortSignal;
  /** What the body itself did wrong, if that is why an upload failed. */
  fault(): { error: unknown } | undefined;
}

function chunks(bytes: Uint8Array<ArrayBuffer>): ByteStream {
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start < bytes.length) controller.enqueue(bytes.subarray(start, start += CHUNK_BYTES));
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

/**
 * Prepares a body for one upload. Only the bucket is timed, not the source: a slow disk or a slow
 * sender is no reason to give up.
 *
 * @param size      bytes that the body must have
 * @param silenceMs milliseconds that the bucket may take for each chunk, and to answer
 */
export function outgoing(
  source: Uint8Array<ArrayBuffer> | ByteStream,
  size: number,
  silenceMs: number,
): Outgoing {
  const reader = (source instanceof Uint8Array ? chunks(source) : source).getReader();
  const watch = new AbortController();
  let fault: { error: unknown } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sent = 0;
  const rearm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => watch.abort(new Error("the bucket took no bytes in time")), silenceMs);
  };
  const wrongSize = () =>
    new ChatArchiveError("invalid_request", `the body has not the ${size} bytes it should have`);
  rearm();
  return {
    signal: watch.signal,
    fault: () => fault,
    body: new ReadableStream({
      async pull(controller) {
        clearTimeout(timer);
        try {
          const { done, value } = await reader.read();
          sent += value?.length ?? 0;
          if (done ? sent !== size : sent > size) throw wrongSize();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          fault = { error };
          controller.error(error);
          // The request must end: it still waits for the bytes that it announced.
          watch.abort(error);
          reader.cancel(error).catch(() => {});
        } finally {
          if (!watch.signal.aborted) rearm();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 }),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
