import type { ArchiveClient, Chat, Image } from "@shared/rows.ts";
import { type ListedDocument, readDocuments } from "../_shared/documents.ts";
import type { GetRequest } from "../_shared/object_store.ts";

/** What is exported, whatever the format. */
export interface Subject {
  chat: Chat;
  /** By seq. Documents that come later are not of this export. */
  documents: ListedDocument[];
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
  return { chat, documents: await readDocuments(db, chat.id), ...facts };
}

/** A file of the bucket, by its real name. */
export type BucketFile = Pick<GetRequest, "key" | "fileName" | "contentType">;

/** The file of an image or a document. */
export function fileOf(row: Image | ListedDocument): BucketFile {
  const fileName = "name" in row ? row.name : row.image_name;
  return { key: row.s3_path, fileName, contentType: row.content_type };
}
