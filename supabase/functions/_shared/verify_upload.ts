import type { ContentType } from "@shared/object-keys.ts";
import type { Upload } from "@shared/rows.ts";
import { HEAD_BYTES, inspectFile, TAIL_BYTES } from "./inspect_file.ts";
import type { ByteRange, ObjectStore } from "./object_store.ts";

/** An upload whose bytes are what was announced. */
export interface Verified {
  upload: Upload;
  /** Of the bytes that were looked at. */
  etag: string;
  /** Pixels of an image. */
  width?: number;
  height?: number;
}

/** What arrived is not what was reserved. The message says how it differs. */
export class Mismatch extends Error {}

/** Nothing to delete, and a PUT may still be under way. */
export class NothingThere extends Mismatch {}

type Store = Pick<ObjectStore, "head" | "get">;

/** Part of one version. @throws {Mismatch} where that version is gone */
async function read(
  store: Store,
  key: string,
  range: ByteRange,
  etag: string,
): Promise<Uint8Array> {
  const part = await store.get(key, { range, etag });
  if (!part) throw new Mismatch("the file was replaced while it was read");
  return await new Response(part.body).bytes();
}

/**
 * Compares what arrived with what was reserved.
 *
 * @throws {Mismatch} saying how it differs
 * @throws {ChatArchiveError} `storage_unavailable`
 */
export async function verifyUpload(store: Store, upload: Upload): Promise<Verified> {
  const { incoming_path: key, file_size: size, content_type } = upload;
  const head = await store.head(key);
  if (!head) throw new NothingThere("nothing was uploaded");
  const { etag } = head;
  if (head.size !== size) throw new Mismatch(`${size} bytes were announced, ${head.size} arrived`);
  if (head.contentType.split(";")[0]!.trim().toLowerCase() !== content_type) {
    throw new Mismatch(`${content_type} was announced, ${head.contentType} arrived`);
  }
  if (upload.etag && upload.etag !== etag) throw new Mismatch("the file was replaced");

  const first = await read(store, key, { start: 0, end: Math.min(size, HEAD_BYTES) - 1 }, etag);
  const last = size <= HEAD_BYTES
    ? first
    : await read(store, key, { start: size - TAIL_BYTES, end: size - 1 }, etag);
  const found = inspectFile(content_type as ContentType, {
    head: first,
    tail: last.subarray(-TAIL_BYTES),
    size,
  });
  if (!found.ok) throw new Mismatch(found.message);
  const { ok: _, ...pixels } = found;
  return { upload, etag, ...pixels };
}
