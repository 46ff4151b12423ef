import type { ArchiveClient, Chat } from "@shared/rows.ts";
import { query } from "@shared/query.ts";

/** A chat's document in the bucket. */
export interface ChatDocument {
  key: string;
  /** Real name, any characters. */
  fileName: string;
  contentType: string;
  /** What its upload knows besides. An operator may have set the path by hand: then there is none. */
  upload: { id: string; file_size: number; sha256: string | null } | null;
}

/** Finds the document of a chat, with the caller's rights. @returns null where it has none */
export async function readDocument(
  db: ArchiveClient,
  { document_path: key }: Pick<Chat, "document_path">,
): Promise<ChatDocument | null> {
  if (key === null) return null;
  const found = await query(() =>
    db.from("uploads").select("id, file_name, content_type, file_size, sha256")
      .eq("s3_path", key).maybeSingle()
  );
  const { file_name = "document.pdf", content_type = "application/pdf", ...upload } = found ?? {};
  return {
    key,
    fileName: file_name,
    contentType: content_type,
    upload: found && upload as ChatDocument["upload"],
  };
}
