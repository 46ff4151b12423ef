import { ChatArchiveError, type Issue } from "@shared/errors.ts";

/**
 * What is wrong with the file, and where.
 *
 * @param path keys and indexes in the JSON, or the name of a zip's entry; empty: the file itself
 */
export function damaged(path: Issue["path"], message: string, cause?: unknown): ChatArchiveError {
  return new ChatArchiveError("invalid_request", `${path.join(".") || "file"}: ${message}`, {
    details: [{ path, message }],
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The file, or a part of it, has more bytes than are taken. */
export function tooLarge(what: string, bytes: number): ChatArchiveError {
  return new ChatArchiveError("payload_too_large", `${what}: at most ${bytes} bytes`);
}
