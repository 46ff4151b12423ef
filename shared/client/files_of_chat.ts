import { FILES_PER_PAGE } from "../limits.ts";
import { query } from "../query.ts";
import type { Operation } from "./operation.ts";

/** Rows of a chat's files in order of upload, read page by page. */
export async function* filesOfChat<Row>(
  { connection: { supabase }, limit }: Operation,
  table: "chat_images" | "chat_documents",
  chat_id: string,
): AsyncGenerator<Row, void, undefined> {
  for (let after = 0;;) {
    // supabase-js can't follow a union of tables; the columns used here are in both.
    const page = await query(() =>
      supabase.from(table as "chat_images").select().eq("chat_id", chat_id).gt("seq", after)
        .order("seq").limit(FILES_PER_PAGE).retry(false).abortSignal(limit())
    );
    yield* page as unknown as Row[];
    if (page.length < FILES_PER_PAGE) return;
    after = page.at(-1)!.seq;
  }
}
