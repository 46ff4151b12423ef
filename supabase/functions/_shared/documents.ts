import { pages } from "@shared/item_pages.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, ChatDocument } from "@shared/rows.ts";

/** Documents of one page. */
const PAGE_ROWS = 500;

/** All of a document but its metadata, which may hold 64 KiB. */
const COLUMNS =
  "id, chat_id, user_id, seq, name, s3_path, content_type, file_size, sha256, page_count, uploaded_at";

/** A document without its metadata. */
export type ListedDocument = Omit<ChatDocument, "metadata">;

/** Reads the documents of a chat, with the caller's rights. @returns them by seq: the first one first */
export async function readDocuments(db: ArchiveClient, chatId: string): Promise<ListedDocument[]> {
  const read = pages<ListedDocument>((last) =>
    query(() =>
      db.from("chat_documents").select(COLUMNS)
        .eq("chat_id", chatId).gt("seq", last?.seq ?? 0).order("seq").limit(PAGE_ROWS)
    )
  );
  return (await Array.fromAsync(read)).flat();
}
