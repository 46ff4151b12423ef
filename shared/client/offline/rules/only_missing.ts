import { assertSame } from "../../same_value.ts";
import type { LocalTable, LocalTables } from "../local_rows.ts";
import type { Server } from "../server.ts";

/** Compares what was sent with what is stored. The device gave the time, maybe another one. */
export function assertSent(sent: object, stored: object): void {
  const { created_at: _, ...others } = sent as { created_at?: string };
  assertSame(others, stored);
}

/**
 * Sends new rows of which the server may have some: an answer was lost. Those are compared, the others
 * are sent.
 *
 * @returns all rows, in the order given
 */
export async function onlyMissing<T extends LocalTable, New extends { id?: string }>(
  server: Server,
  table: T,
  list: New[],
  send: (missing: New[]) => Promise<LocalTables[T][]>,
): Promise<LocalTables[T][]> {
  const found = new Map(
    (await server.rows(table, list.map(({ id }) => id!))).map((row) => [row.id, row]),
  );
  for (const row of list) if (found.has(row.id!)) assertSent(row, found.get(row.id!)!);
  const missing = list.filter(({ id }) => !found.has(id!));
  for (const row of missing.length > 0 ? await send(missing) : []) found.set(row.id, row);
  return list.map(({ id }) => found.get(id!)!);
}
