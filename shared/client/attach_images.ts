import { chunked } from "../async.ts";
import { IDS_PER_QUERY } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { inOrder } from "./in_order.ts";
import { operate } from "./operation.ts";
import type { Image } from "./rows.ts";

/** Which images go to which message. */
export interface AttachImages extends CallOptions {
  /** Of the images' chat; null takes them off their messages. */
  message_id: string | null;
  ids: string[];
}

/**
 * Attaches images to a message of their chat.
 *
 * @returns the images, in the order given
 * @throws {ChatArchiveError} `not_found` where an image or the message is not the caller's, or the
 *   message is of another chat
 */
export function attachImages(
  connection: Connection,
  { message_id, ids, signal }: AttachImages,
): Promise<Image[]> {
  return operate(
    connection,
    { operation: "attachImages", signal, input: { message_id, ids } },
    async ({ connection: { supabase }, limit, note }) => {
      note({ count: ids.length });
      const rows: Image[] = [];
      for (const part of chunked(ids, IDS_PER_QUERY)) {
        const attached = await query(() =>
          supabase.from("chat_images").update({ message_id }).in("id", part).select()
            .abortSignal(limit())
        );
        rows.push(...attached as Image[]);
      }
      return inOrder(ids, rows);
    },
  );
}
