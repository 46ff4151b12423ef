/**
 * What the server does not have any more leaves the device, when an answer shows it.
 *
 * @module
 */
import { FIRST_LOCAL_SEQ } from "../local_seq.ts";
import type { ReadMessages } from "../message_window.ts";
import type { Chat, Message } from "../rows.ts";
import type { ChildTable, LocalRows, LocalTables } from "./local_rows.ts";
import { removeMessages } from "./removals.ts";
import type { Server } from "./server.ts";

/** Takes note of something in a transaction. */
export type Note = (rows: LocalRows) => Promise<unknown>;

/** Removes rows of a chat that a complete answer does not have. */
export async function dropMissing<T extends ChildTable>(
  rows: LocalRows,
  table: T,
  chat_id: string,
  found: Iterable<{ id: string }>,
  isMeant: (row: LocalTables[T]) => boolean = () => true,
): Promise<string[]> {
  const ids = new Set([...found].map(({ id }) => id));
  const known = await rows.of(table, chat_id);
  return await rows.drop(table, known.filter((row) => !ids.has(row.id) && isMeant(row)));
}

/** Removes messages of a window that was read to its end, or as far as it was asked for. */
export async function dropMessages(rows: LocalRows, window: ReadMessages, found: Message[]) {
  const { chat_id, order, limit = Infinity, after = 0, before = FIRST_LOCAL_SEQ } = window;
  const last = found.length >= limit ? found.at(-1)!.seq : undefined;
  const [from, to] = order === "desc" ? [last ?? after, before] : [after, last ?? before];
  const gone = await dropMissing(
    rows,
    "chat_messages",
    chat_id,
    found,
    ({ seq }) => seq > from && seq < to,
  );
  await removeMessages(rows, chat_id, gone);
}

/** Chats that a list of the server should have shown: those that are not there any more go. */
export async function dropChats(server: Server, rows: Chat[]): Promise<Note> {
  const ids = rows.map(({ id }) => id);
  const there = ids.length > 0 ? await server.rows("chats", ids) : [];
  const found = new Set(there.map(({ id }) => id));
  return async (local) => {
    await local.take("chats", there);
    await local.drop("chats", rows.filter(({ id }) => !found.has(id)));
  };
}
