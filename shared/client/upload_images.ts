import { inOrder } from "./in_order.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { type NewFile, uploadOf } from "./new_file.ts";
import { operate } from "./operation.ts";
import type { Box, Image } from "./rows.ts";
import { storedFiles } from "./stored_files.ts";
import { uploadFiles } from "./upload_files.ts";
import type { UploadOptions } from "./upload_progress.ts";

/** An image to upload. */
export interface NewImage extends NewFile {
  /** The message that it illustrates; it can be attached later too. */
  message_id?: string;
  /** The document of the chat that it shows. */
  document_id?: string;
  /** The page that it shows, from 1. */
  page_number?: number;
  /** The part of the page that it shows, as fractions of it (0–1); by default all of it. */
  coords_norm?: Box;
  /** viewport, crop, page or the application's own kind; viewport. */
  image_type?: string;
  /** Alternative text. */
  description?: string;
  /** Pixels; measured where they are left out. */
  width?: number;
  /** Pixels; measured where they are left out. */
  height?: number;
}

/** Images for one chat. */
export interface UploadImages extends CallOptions, UploadOptions {
  chat_id: string;
  images: NewImage[];
}

/**
 * Uploads images straight to the bucket and gives their rows, in the order given.
 *
 * A call that failed or was aborted can be repeated with the same ids: files that have arrived are
 * not sent again. Each file is hashed before it is sent, and nothing but these bytes is ever stored under
 * its id.
 *
 * @throws {ChatArchiveError} `upload_mismatch` naming the file that is not what it says,
 *   `unsupported_media_type`, `payload_too_large`, `not_found` for the chat, message or document,
 *   `conflict`, `storage_unavailable`, `storage_disabled`
 */
export function uploadImages(
  connection: Connection,
  { chat_id, images, onProgress, signal }: UploadImages,
): Promise<Image[]> {
  const facts = { operation: "uploadImages", chat_id, signal, input: { chat_id, images } };
  return operate(connection, facts, async (operation) => {
    const path = (index: number) => ["images", index];
    const uploads = await Promise.all(
      images.map((image, index) => uploadOf(image, "image", path(index))),
    );
    const chosen = uploads.filter((_, index) => images[index]!.id);
    const stored = await storedFiles<Image>(operation, "chat_images", chat_id, chosen);
    const uploaded = await uploadFiles(operation, {
      chat_id,
      uploads,
      stored: new Set(stored.map(({ id }) => id)),
      path,
      onProgress,
    });
    return inOrder(uploads.map(({ id }) => id), [...stored, ...uploaded.images as Image[]]);
  });
}
