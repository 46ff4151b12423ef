import type { ExportedDocument } from "@shared/contracts/chat-export.ts";
import type { ArchiveClient, Chat, Image } from "@shared/rows.ts";
import { type ChatDocument, readDocument } from "../_shared/document.ts";
import type { GetRequest } from "../_shared/object_store.ts";

/** What is exported, whatever the format. */
export interface Subject {
  chat: Chat;
  document: ChatDocument | null;
  exportedAt: Date;
  /** Why files are named only; undefined where they are linked or included. */
  leftOut: string | undefined;
}

/** Finds what belongs to the chat itself. */
export async function subjectOf(
  db: ArchiveClient,
  chat: Chat,
  facts: Pick<Subject, "exportedAt" | "leftOut">,
): Promise<Subject> {
  return { chat, document: await readDocument(db, chat), ...facts };
}

/** A file of the bucket, by its real name. */
export type BucketFile = Pick<GetRequest, "key" | "fileName" | "contentType">;

/** The file of an image. */
export function fileOf({ s3_path, image_name, content_type }: Image): BucketFile {
  return { key: s3_path, fileName: image_name, contentType: content_type };
}

/** Facts of a document for the JSON. @param location where its bytes are */
export function exportedDocument(
  document: ChatDocument | null,
  location: Pick<ExportedDocument, "file" | "link">,
): ExportedDocument | null {
  if (document === null) return null;
  const { id = null, file_size = null, sha256 = null } = document.upload ?? {};
  const { fileName: file_name, contentType: content_type } = document;
  return { id, file_name, content_type, file_size, sha256, ...location };
}
