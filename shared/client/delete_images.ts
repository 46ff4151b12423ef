import { chunked } from "../async.ts";
import { IDS_PER_QUERY } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Image } from "./rows.ts";

/** Which images. */
export interface DeleteImages extends CallOptions {
  ids: string[];
}

/**
 * Deletes images. The rows are gone at once; the bytes are in the deletion queue, in the same
 * transaction, and the worker removes them within a minute.
 *
 * @returns the rows that were deleted; ids that name nothing (any more) are passed over
 */
export function deleteImages(
  connection: Connection,
  { ids, signal }: DeleteImages,
): Promise<Image[]> {
  return operate(
    connection,
    { operation: "deleteImages", signal, input: { ids } },
    async ({ connection: { supabase }, limit, note }) => {
      const rows: Image[] = [];
      for (const part of chunked(ids, IDS_PER_QUERY)) {
        const deleted = await query(() =>
          supabase.from("chat_images").delete().in("id", part).select()
            .abortSignal(limit())
        );
        rows.push(...deleted as Image[]);
      }
      note({ count: rows.length });
      return rows;
    },
  );
}
