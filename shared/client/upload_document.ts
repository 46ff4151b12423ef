import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import { uploadFiles } from "./upload_files.ts";
import { type NewFile, uploadOf } from "./upload_images.ts";
import type { UploadOptions } from "./upload_progress.ts";

/** The document of one chat. */
export interface UploadDocument extends CallOptions, UploadOptions {
  chat_id: string;
  document: NewFile;
}

/** A stored document. */
export interface StoredDocument {
  id: string;
  chat_id: string;
  /** Its key, now the chat's document_path. */
  path: string;
}

/**
 * Uploads the document of a chat, as {@link uploadImages} does images. A document that the chat had
 * before is deleted.
 *
 * @throws {ChatArchiveError} as {@link uploadImages}
 */
export function uploadDocument(
  connection: Connection,
  { chat_id, document, onProgress, signal }: UploadDocument,
): Promise<StoredDocument> {
  const facts = { operation: "uploadDocument", chat_id, signal };
  return operate(connection, facts, async (operation) => {
    const upload = uploadOf(document, "document");
    const chat = document.id
      ? await query(() =>
        connection.supabase.from("chats").select("document_path").eq("id", chat_id)
          .retry(false).abortSignal(operation.limit()).maybeSingle()
      )
      : null;
    const path = chat?.document_path;
    const stored = path?.includes(`/documents/${upload.id}.`) ? path : undefined;
    const { documents } = await uploadFiles(operation, {
      chat_id,
      uploads: [upload],
      stored: new Set(stored ? [upload.id] : []),
      list: "document",
      onProgress,
    });
    return stored ? { id: upload.id, chat_id, path: stored } : documents[0]!;
  });
}
