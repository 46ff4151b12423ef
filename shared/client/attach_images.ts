import { chunked } from "../async.ts";
import { fieldError } from "../errors.ts";
import { IDS_PER_QUERY } from "../limits.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Image } from "./rows.ts";

/** Which images go to which message. */
export interface AttachImages extends CallOptions {
  /** Of the images' chat; null takes them off their messages. */
  message_id: string | null;
  ids: string[];
}

/** Rows in the order of their ids. @throws {ChatArchiveError} `not_found` naming one that is missing */
export function inOrder<Row extends { id: string }>(ids: string[], rows: Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id, index) => {
    const row = byId.get(id.toLowerCase());
    if (row) return row;
    throw fieldError("not_found", ["ids", index], "no such image");
  });
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
  return operate(connection, { operation: "attachImages", signal }, async ({ limit, note }) => {
    note({ count: ids.length });
    const rows: Image[] = [];
    for (const part of chunked(ids, IDS_PER_QUERY)) {
      const attached = await query(() =>
        connection.supabase.from("chat_images").update({ message_id }).in("id", part).select()
          .abortSignal(limit())
      );
      rows.push(...attached as Image[]);
    }
    return inOrder(ids, rows);
  });
}
