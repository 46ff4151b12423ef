/**
 * Reads files of the bucket into a zip: small ones some at a time and whole, large ones as a stream.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { ObjectStore, StoredObject } from "../_shared/object_store.ts";
import type { ZipWriter } from "../_shared/zip_writer.ts";

/** Bytes of a file that is held in memory whole. Only then can it still be left out when it fails. */
const WHOLE = 8 * 1024 * 1024;
/** Files that are read side by side. */
const AHEAD = 4;
/** Failures in a row after which the bucket counts as down, and nothing more is asked of it. */
const PATIENCE = 3;
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

async function bytesOf({ body, size }: StoredObject): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of body) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
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
  #store: Pick<ObjectStore, "get">;

  constructor(store: Pick<ObjectStore, "get">) {
    this.#store = store;
  }

  /** @returns why not, where it can't be had */
  async open<T>(file: WantedFile, read: (object: StoredObject) => T): Promise<Awaited<T> | string> {
    if (this.#failures >= PATIENCE) return "the object storage did not answer";
    try {
      const object = await this.#store.get(file.key);
      if (object === null) return "it is not in the bucket";
      const result = await read(object);
      this.#failures = 0;
      return result;
    } catch (error) {
      if (!(error instanceof ChatArchiveError)) throw error;
      this.#failures++;
      return "the object storage did not answer";
    }
  }

  resumed(key: string, object: StoredObject) {
    return resumed(this.#store, key, object);
  }
}

/**
 * Writes files into a zip, in their order.
 *
 * @param missing gets those that could not be read
 */
export async function* packFiles(
  zip: ZipWriter,
  store: Pick<ObjectStore, "get">,
  files: AsyncIterable<WantedFile>,
  missing: MissingFile[],
): AsyncGenerator<Uint8Array> {
  const source = new Source(store);
  const underway: { file: WantedFile; whole: Promise<Uint8Array | string> | undefined }[] = [];

  async function* write() {
    const { file, whole } = underway.shift()!;
    if (whole) {
      const bytes = await whole;
      if (typeof bytes === "string") missing.push({ path: file.path, reason: bytes });
      else yield* zip.file(file.path, bytes, file.modified);
      return;
    }
    // Opened at its turn: a bucket ends a connection that nobody reads from.
    const object = await source.open(file, (object) => object);
    if (typeof object === "string") missing.push({ path: file.path, reason: object });
    else yield* zip.stream(file.path, source.resumed(file.key, object), file.modified);
  }

  for await (const file of files) {
    const whole = file.size <= WHOLE ? source.open(file, bytesOf) : undefined;
    // Told where it is awaited; a reader that goes away never asks.
    whole?.catch(() => {});
    underway.push({ file, whole });
    if (underway.length > AHEAD) yield* write();
  }
  while (underway.length > 0) yield* write();
}
