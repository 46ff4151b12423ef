import { pages } from "@shared/item_pages.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, ChatDocument } from "@shared/rows.ts";

/** Rows of a page: each may have 64 KiB of metadata. */
const PAGE_ROWS = 50;

/** Documents of a chat, by seq, with the caller's rights. */
export async function readDocuments(db: ArchiveClient, chatId: string): Promise<ChatDocument[]> {
  const documents: ChatDocument[] = [];
  const read = pages<ChatDocument>((last) =>
    query(() =>
      db.from("chat_documents").select().eq("chat_id", chatId).gt("seq", last?.seq ?? 0)
        .order("seq").limit(PAGE_ROWS)
    )
  );
  for await (const page of read) documents.push(...page);
  return documents;
}
