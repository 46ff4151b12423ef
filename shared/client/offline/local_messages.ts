/**
 * Messages as this device has them.
 *
 * @module
 */
import { assertWindow, type ReadMessages } from "../message_window.ts";
import type { Message, MessageWithItems } from "../rows.ts";
import type { Device } from "./device.ts";
import type { LocalRows } from "./local_rows.ts";

/** Whether a window is all of the chat. @param found messages that were read of it */
export function isAll({ limit, after, before }: ReadMessages, found: number): boolean {
  return (limit === undefined || found < limit) && !after && before === undefined;
}

/** The window of a chat's messages that is asked for. */
export async function localMessages(
  device: Device,
  rows: LocalRows,
  { chat_id, order, limit = Infinity, after = 0, before = Infinity, ...rest }: ReadMessages,
): Promise<Message[]> {
  assertWindow({ chat_id, order, limit, ...rest });
  await rows.assertWhole(chat_id, ["messages"]);
  const found = (await rows.of("chat_messages", chat_id))
    .filter(({ seq }) => seq > after && seq < before);
  const window = (order === "desc" ? found.reverse() : found).slice(0, limit);
  return await device.flagged(rows, window);
}

/** The window with images and search results. */
export async function localHistory(
  device: Device,
  rows: LocalRows,
  window: ReadMessages,
): Promise<MessageWithItems[]> {
  const { chat_id } = window;
  await rows.assertWhole(chat_id, ["items"]);
  const of = async <T extends "chat_images" | "search_results">(table: T) =>
    Map.groupBy(
      await device.flagged(rows, await rows.of(table, chat_id)),
      ({ message_id }) => message_id,
    );
  const [images, results] = [await of("chat_images"), await of("search_results")];
  return (await localMessages(device, rows, window)).map((message) => ({
    ...message,
    images: images.get(message.id) ?? [],
    search_results: results.get(message.id) ?? [],
  }));
}
