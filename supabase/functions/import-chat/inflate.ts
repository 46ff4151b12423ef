import { createInflateRaw } from "node:zlib";
import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";

/** Bytes that the inflater hands out at a time. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Unpacks a deflate stream, which says by itself where it ends.
 *
 * @param name of the entry
 * @throws {ChatArchiveError} `invalid_request` where it is damaged
 */
export async function* inflated(source: ByteSource, name: string): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  let fed = 0;
  let taken = 0;
  let failure: unknown;
  let over = false;
  /** Feeds one chunk at a time, so that no more is held than is being unpacked. */
  const feed = async () => {
    while (!over) {
      const chunk = (await source.chunk()).subarray(0, CHUNK_BYTES);
      if (chunk.length === 0) {
        throw damaged([name], "the zip ends in the middle of it");
      }
      fed += chunk.length;
      const { promise, resolve } = Promise.withResolvers<void>();
      inflate.once("close", resolve);
      inflate.write(chunk, () => resolve());
      await promise;
      inflate.off("close", resolve);
      // What lies beyond the end of the stream belongs to whatever comes next.
      const used = Math.min(inflate.bytesWritten - taken, chunk.length);
      taken += used;
      source.skip(used);
      if (used < chunk.length) return;
    }
  };
  const feeding = feed().catch((error) => {
    failure = error;
    inflate.destroy();
  });
  try {
    for await (const chunk of inflate) yield chunk;
  } catch (cause) {
    if (failure === undefined) failure = damaged([name], "it can't be unpacked", cause);
  } finally {
    over = true;
    inflate.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure;
}
