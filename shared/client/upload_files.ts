import { ConfirmUploadResponse } from "../contracts/confirm-upload.ts";
import { PresignUploadResponse, type UploadFile } from "../contracts/presign-upload.ts";
import { ChatArchiveError } from "../errors.ts";
import { callFunction } from "./call_function.ts";
import type { Operation } from "./operation.ts";
import { putFile } from "./put_file.ts";
import { retried } from "./retry.ts";

/** How far an upload is. */
export interface UploadProgress {
  /** Of the file that this is about. */
  id: string;
  name: string;
  /** Bytes of it that were sent, out of `total`. */
  loaded: number;
  total: number;
  /** Over all files of the call. */
  files_done: number;
  files: number;
  bytes_done: number;
  bytes: number;
}

/** How an upload runs. */
export interface UploadOptions {
  /**
   * Called when a file begins and when it has arrived; in between too where the platform tells how
   * much was sent, which is in browsers.
   */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** A file and its facts. */
export type Upload = Omit<UploadFile, "id"> & { id: string; body: Blob };

/** What the functions made of the files. */
export type Uploaded = Pick<ConfirmUploadResponse, "images" | "documents">;

/** Files that are sent side by side. */
const PARALLEL = 4;
/** Files of one request, by the contract. */
const FILES = 100;
/** Bytes that one request signs for: a slow line has to send them before the URLs expire. */
const BYTES = 100 * 1024 * 1024;

function portions(uploads: Upload[]): Upload[][] {
  const result: Upload[][] = [];
  let bytes = 0;
  for (const upload of uploads) {
    const last = result.at(-1);
    if (!last || last.length === FILES || bytes + upload.size > BYTES) {
      result.push([upload]);
      bytes = upload.size;
    } else {
      last.push(upload);
      bytes += upload.size;
    }
  }
  return result;
}

/** Counts what was sent, and tells. */
class Progress {
  #loaded = new Map<string, number>();
  #done = 0;
  readonly bytes: number;

  constructor(readonly uploads: Upload[], readonly tell: UploadOptions["onProgress"]) {
    this.bytes = uploads.reduce((sum, { size }) => sum + size, 0);
  }

  set({ id, name, size }: Upload, loaded: number, done = false) {
    this.#loaded.set(id, loaded);
    if (done) this.#done++;
    this.tell?.({
      id,
      name,
      loaded,
      total: size,
      files_done: this.#done,
      files: this.uploads.length,
      bytes_done: [...this.#loaded.values()].reduce((sum, one) => sum + one, 0),
      bytes: this.bytes,
    });
  }
}

/** Sends the files of one request, some at a time. The first failure stops the others. */
async function putAll(
  { connection, limit }: Operation,
  uploads: Upload[],
  targets: PresignUploadResponse["uploads"],
  progress: Progress,
) {
  const failed = new AbortController();
  const queue = uploads.entries();
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (const [index, upload] of queue) {
      if (failed.signal.aborted) return;
      progress.set(upload, 0);
      try {
        await retried(failed.signal, () => {
          const signal = AbortSignal.any([limit(connection.transferTimeout), failed.signal]);
          return putFile(targets[index]!, upload.body, signal, (sent) => {
            if (!failed.signal.aborted) progress.set(upload, sent);
          });
        });
      } catch (error) {
        failed.abort(error);
        throw error;
      }
      progress.set(upload, upload.size, true);
    }
  }));
}

/**
 * Uploads files: reserve, PUT straight to the bucket, confirm. Files that are there already (see
 * `stored`) are passed over, so that a call that failed can be repeated with the same ids.
 *
 * @param list which field of the input the files are, for errors
 */
export async function uploadFiles(
  operation: Operation,
  { chat_id, uploads, stored, list, onProgress }: {
    chat_id: string;
    uploads: Upload[];
    stored: Set<string>;
    list: string;
  } & UploadOptions,
): Promise<Uploaded> {
  const result: Uploaded = { images: [], documents: [] };
  const progress = new Progress(uploads, onProgress);
  operation.note({ count: uploads.length, bytes: progress.bytes });
  for (const upload of uploads) if (stored.has(upload.id)) progress.set(upload, upload.size, true);

  for (const part of portions(uploads.filter(({ id }) => !stored.has(id)))) {
    const files = part.map(({ body: _, ...facts }) => facts);
    const { uploads: targets } = await callFunction(
      operation,
      "presign-upload",
      { chat_id, files },
      PresignUploadResponse,
    );
    await putAll(operation, part, targets, progress);
    const confirmed = await retried(operation.signal, () =>
      callFunction(
        operation,
        "confirm-upload",
        { ids: part.map(({ id }) => id) },
        ConfirmUploadResponse,
      ));
    const [rejected] = confirmed.rejected;
    if (rejected) {
      const index = uploads.findIndex(({ id }) => id === rejected.id);
      throw new ChatArchiveError(rejected.code, `${list}.${index}: ${rejected.message}`, {
        details: [{ path: [list, index], message: rejected.message }],
      });
    }
    result.images.push(...confirmed.images);
    result.documents.push(...confirmed.documents);
  }
  return result;
}
