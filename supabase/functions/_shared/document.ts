import type { Chat } from "@shared/markdown/render.ts";
import type { ArchiveClient } from "./clients.ts";
import { query } from "./query.ts";

/** A chat's document in the bucket. */
export interface ChatDocument {
  key: string;
  /** Real name, any characters. */
  fileName: string;
  contentType: string;
}

/** Finds the document of a chat, with the caller's rights. @returns null where it has none */
export async function readDocument(
  db: ArchiveClient,
  { document_path: key }: Pick<Chat, "document_path">,
): Promise<ChatDocument | null> {
  if (key === null) return null;
  const upload = await query(() =>
    db.from("uploads").select("file_name, content_type").eq("s3_path", key).maybeSingle()
  );
  // An operator may have set the path by hand; then no upload knows a name.
  return {
    key,
    fileName: upload?.file_name ?? "document.pdf",
    contentType: upload?.content_type ?? "application/pdf",
  };
}
