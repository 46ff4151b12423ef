/**
 * Reads files of the bucket into a zip: small ones some at a time and whole, large ones as a stream.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { ObjectStore, StoredObject } from "../_shared/object_store.ts";
import type { ZipWriter } from "../_shared/zip_writer.ts";

/** Bytes of a file that is held in memory whole. Only then can it still be left out when it fails. */
const WHOLE_BYTES = 8 * 1024 * 1024;
/** Files that are read side by side. */
const AHEAD = 2;
/** Failures in a row after which the bucket counts as down, and nothing more is asked of it. */
const MAX_FAILURES = 3;
/** How often a stream that broke is taken up where it ended. */
const RESUMPTIONS = 2;

/** A file that goes into a zip. */
export interface WantedFile {
  key: string;
  /** Where in the zip. */
  path: string;
  /** Bytes, as far as they are known. */
  size: number;
  modified: Date;
}

/** A file that did not go in, and why. */
export interface MissingFile {
  path: string;
  reason: string;
}

/** Reads an object to its end, also when the connection is lost on the way. */
async function* resumed(store: Pick<ObjectStore, "get">, key: string, first: StoredObject) {
  const { etag, size } = first;
  let sent = 0;
  for (let object: StoredObject | null = first, left = RESUMPTIONS;; left--) {
    try {
      for await (const chunk of object.body) {
        sent += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      object = left > 0
        ? await store.get(key, { range: { start: sent, end: size - 1 }, etag })
        : null;
      if (object === null) throw error;
    }
  }
}

/** The bucket, as one export sees it: asked no more once it has failed too often. */
class Source {
  #failures = 0;

  /** @returns why not, where it can't be had */
  async ask<T>(question: () => Promise<T | null>): Promise<T | string> {
    if (this.#failures >= MAX_FAILURES) return "the object storage did not answer";
    try {
      const result = await question();
      this.#failures = 0;
      return result ?? "it is not in the bucket";
    } catch (error) {
      if (!(error instanceof ChatArchiveError)) throw error;
      this.#failures++;
      return "the object storage did not answer";
    }
  }
}

/**
 * Writes files into a zip, in their order.
 *
 * @param missing gets those that could not be read
 */
export async function* packFiles(
  zip: ZipWriter,
  store: Pick<ObjectStore, "get" | "bytes">,
  files: AsyncIterable<WantedFile>,
  missing: MissingFile[],
): AsyncGenerator<Uint8Array> {
  const source = new Source();
  const underway: { file: WantedFile; whole: Promise<Uint8Array[] | string> | undefined }[] = [];

  async function* write() {
    const { file, whole } = underway.shift()!;
    if (whole) {
      const parts = await whole;
      if (typeof parts === "string") missing.push({ path: file.path, reason: parts });
      else yield* zip.file(file.path, parts, file.modified);
      return;
    }
    // Opened at its turn: a bucket ends a connection that nobody reads from.
    const object = await source.ask(() => store.get(file.key));
    if (typeof object === "string") missing.push({ path: file.path, reason: object });
    else yield* zip.stream(file.path, resumed(store, file.key, object), file.modified);
  }

  for await (const file of files) {
    const whole = file.size <= WHOLE_BYTES ? source.ask(() => store.bytes(file.key)) : undefined;
    // Its failure is thrown where it is awaited; a reader that goes away never awaits it.
    whole?.catch(() => {});
    underway.push({ file, whole });
    if (underway.length > AHEAD) yield* write();
  }
  while (underway.length > 0) yield* write();
}
