import type {
  ConfirmUploadRequest,
  ConfirmUploadResponse,
} from "@shared/contracts/confirm-upload.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { type ConfirmPorts, confirmUploads } from "../_shared/confirm_uploads.ts";

/**
 * Verifies uploaded bytes and makes them images or documents.
 *
 * @param ports with the caller's rights: RLS decides which uploads are theirs
 * @throws {ChatArchiveError} `not_found` when no id is the caller's, `storage_unavailable` when the
 *   bucket does not answer: nothing is lost then, and the request can be repeated
 */
export async function confirmUpload(
  { ids }: ConfirmUploadRequest,
  ports: ConfirmPorts,
): Promise<{ status: 200; body: ConfirmUploadResponse }> {
  const body = await confirmUploads([...new Set(ids)], ports);
  if (!body) throw new ChatArchiveError("not_found", "no such uploads");
  return { status: 200, body };
}
