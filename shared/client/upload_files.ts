import type { PresignUploadResponse, UploadFile } from "../contracts/presign-upload.ts";
import { eachOf } from "../async.ts";
import { ChatArchiveError, fieldError } from "../errors.ts";
import { BYTES_PER_PRESIGN, FACTS_PER_PRESIGN, FILES_PER_REQUEST } from "../limits.ts";
import { callFunction } from "./call_function.ts";
import { type Confirmed, confirmFiles } from "./confirm_files.ts";
import type { Operation } from "./operation.ts";
import { portions } from "./portions.ts";
import { putFile } from "./put_file.ts";
import { retried } from "./retry.ts";
import { sha256Of } from "./sha256.ts";
import { Progress, type UploadOptions } from "./upload_progress.ts";

/** A file and its facts. */
export type Upload = Omit<UploadFile, "id" | "sha256"> & {
  id: string;
  body: Blob;
  sha256?: string | undefined;
};

/** What the functions made of the files. */
export type Uploaded = Omit<Confirmed, "rejected">;

/** Files that are sent side by side. */
const PARALLEL = 4;
const LIMITS = { items: FILES_PER_REQUEST, size: BYTES_PER_PRESIGN };
const FACTS_LIMITS = { items: FILES_PER_REQUEST, size: FACTS_PER_PRESIGN };

/** Bytes of a file's facts as JSON; those of its hash too, which may not be known yet. */
const factsSize = ({ body: _, ...facts }: Upload) =>
  new TextEncoder().encode(JSON.stringify({ ...facts, sha256: "0".repeat(64) })).length;

/** Splits files into requests, which are bounded by their bytes and by those of their facts. */
const requestsOf = (uploads: Upload[]) =>
  portions(uploads, LIMITS, ({ size }) => size)
    .flatMap((part) => portions(part, FACTS_LIMITS, factsSize));

/** Where a file is in the input of the method. */
type PathOf = (upload: Upload) => (string | number)[];

/** An error about one of the `files` of a request, about that of the method. */
function inTermsOf(uploads: Upload[], path: PathOf, error: unknown): unknown {
  if (!(error instanceof ChatArchiveError) || !Array.isArray(error.details)) return error;
  const [issue] = error.details;
  const [files, index, ...field] = issue?.path ?? [];
  const upload = uploads[Number(index)];
  if (!issue || files !== "files" || !upload) return error;
  const own = field.map((name) => name === "size" ? "content" : name);
  const { requestId } = error;
  return fieldError(error.code, [...path(upload), ...own], issue.message, { cause: error })
    .with(requestId ? { requestId } : {});
}

/** Has the files of one request signed: an address for each, in their order. */
async function presign(
  operation: Operation,
  chat_id: string,
  uploads: Upload[],
  progress: Progress<Upload>,
  path: PathOf,
): Promise<PresignUploadResponse["uploads"]> {
  const files = [];
  for (const upload of uploads) {
    const { body, ...facts } = upload;
    const sha256 = facts.sha256 ?? await sha256Of(body, {
      signal: operation.signal,
      onBytes: (hashed) => progress.set(upload, { hashed }),
    });
    files.push({ ...facts, sha256 });
  }
  const request = { chat_id, files };
  const answer = await callFunction<PresignUploadResponse>(operation, "presign-upload", request)
    .catch((error) => {
      throw inTermsOf(uploads, path, error);
    });
  const fits = answer.uploads.length === uploads.length &&
    answer.uploads.every(({ id, url }, index) => id === uploads[index]!.id && URL.canParse(url));
  // A file must not go to the address of another one.
  if (!fits) throw new ChatArchiveError("internal", "presign-upload answered for other files");
  return answer.uploads;
}

/** Sends the files of one request, some at a time. The first failure stops the others. */
async function putAll(
  { connection, limit, signal }: Operation,
  uploads: Upload[],
  targets: PresignUploadResponse["uploads"],
  progress: Progress<Upload>,
) {
  const failed = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  await eachOf(uploads, PARALLEL, async (upload, index) => {
    try {
      progress.set(upload, { loaded: 0 });
      await retried(stopped, () => {
        const either = AbortSignal.any([limit(connection.transferTimeout), failed.signal]);
        return putFile(targets[index]!, upload.body, either, (sent) => {
          if (!failed.signal.aborted) progress.set(upload, { loaded: sent });
        });
      });
      progress.set(upload, { loaded: upload.size, done: true });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
}

/**
 * Uploads files: reserve, PUT straight to the bucket, confirm. Files that are there already (see
 * `stored`) are passed over, so that a call that failed can be repeated with the same ids.
 *
 * @param path where a file is in the input, for errors
 */
export async function uploadFiles(
  operation: Operation,
  { chat_id, uploads, stored, path, onProgress }: {
    chat_id: string;
    uploads: Upload[];
    stored: Set<string>;
    path: (index: number) => (string | number)[];
  } & UploadOptions,
): Promise<Uploaded> {
  const result: Uploaded = { images: [], documents: [] };
  const progress = new Progress(uploads, onProgress);
  operation.note({ count: uploads.length, bytes: progress.bytes });
  for (const upload of uploads.filter(({ id }) => stored.has(id))) {
    progress.set(upload, { loaded: upload.size, done: true });
  }

  const pathOf: PathOf = (upload) => path(uploads.indexOf(upload));
  const missing = uploads.filter(({ id }) => !stored.has(id));
  for (const part of requestsOf(missing)) {
    await putAll(
      operation,
      part,
      await presign(operation, chat_id, part, progress, pathOf),
      progress,
    );
    const confirmed = await confirmFiles(operation, part.map(({ id }) => id));
    const [rejected] = confirmed.rejected;
    if (rejected) {
      const index = uploads.findIndex(({ id }) => id === rejected.id);
      throw fieldError(rejected.code, path(index), rejected.message);
    }
    result.images.push(...confirmed.images);
    result.documents.push(...confirmed.documents);
  }
  return result;
}
