import { pages } from "@shared/item_pages.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, ChatDocument } from "@shared/rows.ts";

/** Documents of one page: the metadata of each may hold 64 KiB. */
const PAGE_ROWS = 100;

/** Reads the documents of a chat, with the caller's rights. @returns them by seq: the first one first */
export async function readDocuments(db: ArchiveClient, chatId: string): Promise<ChatDocument[]> {
  const read = pages<ChatDocument>((last) =>
    query(() =>
      db.from("chat_documents").select()
        .eq("chat_id", chatId).gt("seq", last?.seq ?? 0).order("seq").limit(PAGE_ROWS)
    )
  );
  return (await Array.fromAsync(read)).flat();
}
