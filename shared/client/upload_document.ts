import { inOrder } from "./in_order.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { type NewFile, uploadOf } from "./new_file.ts";
import { operate } from "./operation.ts";
import type { ChatDocument } from "./rows.ts";
import { storedFiles } from "./stored_files.ts";
import { uploadFiles } from "./upload_files.ts";
import type { UploadOptions } from "./upload_progress.ts";

/** A document to upload: a PDF. */
export interface NewDocument extends NewFile {
  /** Pages, where the application has counted them. */
  page_count?: number;
}

/** A document for a chat, which may have several. */
export interface UploadDocument extends CallOptions, UploadOptions {
  chat_id: string;
  document: NewDocument;
}

/**
 * Uploads a document to a chat, as {@link uploadImages} does images. A chat may have several: the first
 * one is its document_path.
 *
 * @returns its row
 * @throws {ChatArchiveError} as {@link uploadImages}
 */
export function uploadDocument(
  connection: Connection,
  { chat_id, document, onProgress, signal }: UploadDocument,
): Promise<ChatDocument> {
  const facts = { operation: "uploadDocument", chat_id, signal, input: { chat_id, document } };
  return operate(connection, facts, async (operation) => {
    const path = () => ["document"];
    const upload = await uploadOf(document, "document", path());
    const stored = await storedFiles<ChatDocument>(
      operation,
      "chat_documents",
      chat_id,
      document.id ? [upload] : [],
    );
    const uploaded = await uploadFiles(operation, {
      chat_id,
      uploads: [upload],
      stored: new Set(stored.map(({ id }) => id)),
      path,
      onProgress,
    });
    const rows = [...stored, ...uploaded.documents as unknown[] as ChatDocument[]];
    return inOrder([upload.id], rows)[0]!;
  });
}
