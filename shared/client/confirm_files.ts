import { delay } from "../async.ts";
import type { ConfirmUploadResponse } from "../contracts/confirm-upload.ts";
import { ChatArchiveError } from "../errors.ts";
import { callFunction } from "./call_function.ts";
import type { Operation } from "./operation.ts";

/** Times that nothing may go forward, and milliseconds of the longest wait between two. */
const IDLE_ROUNDS = 8;
const MAX_PAUSE_MS = 8_000;

/** What confirming came to. */
export type Confirmed = Omit<ConfirmUploadResponse, "pending">;

/**
 * Confirms uploads, and goes on with what one request could not read.
 *
 * @throws {ChatArchiveError} `storage_unavailable` where nothing goes forward for half a minute
 */
export async function confirmFiles(operation: Operation, ids: string[]): Promise<Confirmed> {
  const all: Confirmed = { images: [], documents: [], rejected: [] };
  let idle = 0;
  for (let left = ids; left.length > 0;) {
    const { pending, ...done } = await callFunction<ConfirmUploadResponse>(
      operation,
      "confirm-upload",
      { ids: left },
    );
    all.images.push(...done.images);
    all.documents.push(...done.documents);
    all.rejected.push(...done.rejected);
    idle = pending.length < left.length ? 0 : idle + 1;
    if (idle > IDLE_ROUNDS) {
      throw new ChatArchiveError(
        "storage_unavailable",
        "the bucket can't be read: try again later",
      );
    }
    // Another confirm of the same file may be under way.
    if (idle > 0) {
      await delay(
        (0.5 + Math.random() / 2) * Math.min(250 * 2 ** idle, MAX_PAUSE_MS),
        operation.signal,
      );
    }
    left = pending;
  }
  return all;
}
