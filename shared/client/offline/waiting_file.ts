/**
 * Bytes of files that wait on this device for the server: text in a store of JSON.
 *
 * @module
 */
import { ChatArchiveError } from "../../errors.ts";
import type { Content } from "../new_file.ts";

/** Bytes of a file that a device keeps; a larger one needs the server. */
export const MAX_WAITING_FILE_BYTES = 10 * 1024 * 1024;

/** Characters that one call of a function takes as arguments. */
const AT_ONCE = 32_768;

/**
 * The bytes of a file as base64.
 *
 * @throws {ChatArchiveError} `database_unavailable` where it is too large to wait
 */
export async function waitingText(content: Content): Promise<string> {
  const blob = content instanceof Blob ? content : new Blob([content]);
  if (blob.size > MAX_WAITING_FILE_BYTES) {
    const most = `${MAX_WAITING_FILE_BYTES / 1024 / 1024} MiB`;
    const message =
      `the backend can't be reached, and files of more than ${most} can't wait for it`;
    throw new ChatArchiveError("database_unavailable", message);
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  }
  return btoa(text);
}

/** The file again. */
export function waitingBlob(text: string, type: string): Blob {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type });
}
