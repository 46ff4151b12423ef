import { chunked } from "../async.ts";
import { IDS_PER_QUERY } from "../limits.ts";
import { query } from "../query.ts";
import { inOrder } from "./attach_images.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { given, idOf } from "./given.ts";
import { assertSame } from "./same_value.ts";
import { operate, type Operation } from "./operation.ts";
import type { Image } from "./rows.ts";
import { type Upload, uploadFiles } from "./upload_files.ts";
import type { UploadOptions } from "./upload_progress.ts";

/** Bytes of a file. A `File` of a browser is a Blob. */
export type Content = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** A file to upload. */
export interface NewFile {
  /** Becomes the id of the image. Give one to be able to repeat a call that failed. */
  id?: string;
  /** Real file name, any characters; by default that of the File. */
  name?: string;
  content: Content;
  /** Media type; by default that of the Blob. */
  content_type?: string;
  /** Lower-case hex digest of the content, kept beside the image. */
  sha256?: string;
}

/** An image to upload. */
export interface NewImage extends NewFile {
  /** The message that it illustrates; it can be attached later too. */
  message_id?: string;
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

/** A file with what presign-upload wants to know of it. */
export function uploadOf<File extends NewFile>(
  { id: chosen, content, ...facts }: File,
  kind: "image" | "document",
): Upload {
  const id = idOf(chosen);
  const blob = content instanceof Blob ? content : undefined;
  const content_type = facts.content_type ?? blob?.type ?? "";
  const name = facts.name ?? (blob && "name" in blob ? String(blob.name) : id);
  // Without a type of its own: browsers would send the Blob's type instead of the signed one.
  const body = blob?.type === content_type ? blob : new Blob([content], { type: content_type });
  return given({ ...facts, id, kind, name, content_type, size: body.size, body });
}

/** Images that an earlier call has stored. @throws {ChatArchiveError} `conflict` where one differs */
async function storedImages(
  { connection: { supabase }, limit }: Operation,
  chat_id: string,
  uploads: Upload[],
): Promise<Image[]> {
  const stored: Image[] = [];
  for (const ids of chunked(uploads.map(({ id }) => id), IDS_PER_QUERY)) {
    stored.push(
      ...await query(() =>
        supabase.from("chat_images").select().in("id", ids).retry(false).abortSignal(limit())
      ),
    );
  }
  for (const image of stored) {
    const { size, content_type } = uploads.find(({ id }) => id === image.id)!;
    assertSame({ chat_id, file_size: size, content_type }, image);
  }
  return stored;
}

/**
 * Uploads images straight to the bucket and gives their rows, in the order given.
 *
 * A call that failed or was aborted can be repeated with the same ids: files that have arrived are
 * not sent again. A reservation lives as long as its URL; after that a file that had not arrived
 * needs a new id (`conflict`).
 *
 * @throws {ChatArchiveError} `upload_mismatch` naming the file that is not what it says,
 *   `unsupported_media_type`, `payload_too_large`, `not_found` for the chat or message, `conflict`,
 *   `storage_unavailable`, `storage_disabled`
 */
export function uploadImages(
  connection: Connection,
  { chat_id, images, onProgress, signal }: UploadImages,
): Promise<Image[]> {
  const facts = { operation: "uploadImages", chat_id, signal };
  return operate(connection, facts, async (operation) => {
    const uploads = images.map((image) => uploadOf(image, "image"));
    const chosen = uploads.filter((_, index) => images[index]!.id);
    const stored = await storedImages(operation, chat_id, chosen);
    const uploaded = await uploadFiles(operation, {
      chat_id,
      uploads,
      stored: new Set(stored.map(({ id }) => id)),
      list: "images",
      onProgress,
    });
    return inOrder(uploads.map(({ id }) => id), [...stored, ...uploaded.images]);
  });
}
