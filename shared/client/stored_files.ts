import { chunked } from "../async.ts";
import { IDS_PER_QUERY } from "../limits.ts";
import { query } from "../query.ts";
import type { Operation } from "./operation.ts";
import { assertSame } from "./same_value.ts";
import { sha256Of } from "./sha256.ts";
import type { Upload } from "./upload_files.ts";

/**
 * Rows of files that an earlier call has stored.
 *
 * @throws {ChatArchiveError} `conflict` where one differs from what is uploaded now
 */
export async function storedFiles<Row>(
  { connection: { supabase }, limit, signal }: Operation,
  table: "chat_images" | "chat_documents",
  chat_id: string,
  uploads: Upload[],
): Promise<Row[]> {
  const stored = [];
  for (const ids of chunked(uploads.map(({ id }) => id), IDS_PER_QUERY)) {
    // supabase-js can't follow a union of tables; the columns used here are in both.
    stored.push(
      ...await query(() =>
        supabase.from(table as "chat_images").select().in("id", ids).retry(false)
          .abortSignal(limit())
      ),
    );
  }
  for (const file of stored) {
    const { size, content_type, body, sha256 } = uploads.find(({ id }) => id === file.id)!;
    assertSame({ chat_id, file_size: size, content_type }, file);
    assertSame({ sha256: sha256 ?? await sha256Of(body, { signal }) }, file);
  }
  return stored as unknown[] as Row[];
}
