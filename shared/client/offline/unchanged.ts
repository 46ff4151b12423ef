import type { Json } from "../../database.types.ts";
import { ChatArchiveError, fieldError } from "../../errors.ts";
import { sameValue } from "../same_value.ts";
import type { Base } from "./journal.ts";
import type { LocalTable, LocalTables } from "./local_rows.ts";
import type { Server } from "./server.ts";

/** Between reading a row and changing it, somebody else may change it this often. */
const ATTEMPTS = 5;

type Columns = Record<string, Json | undefined>;

/** What columns of a row are before a change. */
export function columnsOf(row: object | undefined, names: Iterable<string>): Record<string, Json> {
  const columns = row as Columns | undefined;
  return Object.fromEntries([...names].map((name) => [name, columns?.[name] ?? null]));
}

/**
 * Checks that the server still has what was changed here, as it was then, or already has the new value.
 *
 * @throws {ChatArchiveError} `conflict` naming the column; its cause is the server's row
 */
export function assertUnchanged(
  row: object,
  base: Record<string, Json> | undefined,
  wanted: object,
): void {
  for (const [name, then] of Object.entries(base ?? {})) {
    const [there, here] = [(row as Columns)[name] ?? null, (wanted as Columns)[name]];
    if (sameValue(name, then, there) || sameValue(name, here, there)) continue;
    const message = "it was changed on the server after it was changed here";
    throw fieldError("conflict", [name], message, { cause: row });
  }
}

/** Those rows that are there and on which a write is based, checked. */
export async function unchangedRows<T extends LocalTable>(
  server: Server,
  table: T,
  base: Base,
  wantedOf: (id: string) => object,
): Promise<void> {
  for (const row of await server.rows(table, Object.keys(base))) {
    assertUnchanged(row, base[row.id], wantedOf(row.id));
  }
}

/**
 * Changes a row of the server, unless its columns have changed since they were changed here. Nobody
 * comes in between: the row is changed only as it was read.
 *
 * @throws {ChatArchiveError} `conflict`, `not_found`
 */
export async function changeUnchanged<T extends "chats" | "chat_messages">(
  server: Server,
  table: T,
  id: string,
  changes: object,
  base: Base,
): Promise<LocalTables[T]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [row] = await server.rows(table, [id]);
    if (!row) throw new ChatArchiveError("not_found", "no such row");
    assertUnchanged(row, base[id], changes);
    const there = columnsOf(row, Object.keys(changes));
    if (Object.entries(changes).every(([name, value]) => sameValue(name, value, there[name]))) {
      return row;
    }
    const changed = await server.change(table, id, changes, row.updated_at);
    if (changed) return changed;
  }
  throw new ChatArchiveError("database_unavailable", "the row is changed all the time");
}
