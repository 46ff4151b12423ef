import { ChatArchiveError } from "../errors.ts";
import { chunked } from "../async.ts";
import type { Tables } from "../rows.ts";
import { IDS_PER_QUERY, query } from "../query.ts";
import type { Operation } from "./operation.ts";
import { sameValue } from "./same_value.ts";

/** Tables that clients insert into. */
export type InsertTable = "chats" | "chat_messages" | "search_results";
/** A new row; the id makes a repetition of the insert recognizable. */
export type NewRow<T extends InsertTable> = Tables[T]["Insert"] & { id: string };

/** Rows, as {@link insertOnce} gave them, that did not exist before. */
export const newRows = new WeakSet<object>();

/** Rows of one request: well below PostgREST's max_rows, and one short statement. */
const ROWS = 500;
/** Characters of JSON of one request. */
const CHARACTERS = 1_000_000;

/**
 * Splits rows into requests, in order: by number, by size, and where the set of columns changes,
 * because PostgREST would set a column that only some rows have to null in the others.
 */
export function batches<Row extends object>(rows: Row[]): Row[][] {
  const result: Row[][] = [];
  let characters = 0;
  let columns = "";
  for (const row of rows) {
    const size = JSON.stringify(row).length;
    const own = Object.keys(row).toSorted().join();
    const last = result.at(-1);
    if (!last || last.length === ROWS || characters + size > CHARACTERS || columns !== own) {
      result.push([row]);
      characters = size;
      columns = own;
    } else {
      last.push(row);
      characters += size;
    }
  }
  return result;
}

/** An id as PostgreSQL writes it, or a new one. */
export function idOf(id?: string): string {
  return id?.toLowerCase() ?? crypto.randomUUID();
}

/** A row without the fields that were left out: the database's defaults are meant. */
export function given<Row extends object>(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined),
  ) as Row;
}

function invalid(field: string, message: string): never {
  throw new ChatArchiveError("invalid_request", `${field}: ${message}`, {
    details: [{ path: [field], message }],
  });
}

/** ISO 8601 with an offset: without one, JavaScript and PostgreSQL would read different times. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)$/;

/**
 * A row as the database will have it: what has several forms, or gets lost in JSON, would differ when
 * it is read back.
 *
 * @throws {ChatArchiveError} `invalid_request`
 */
function checked<Row extends object>(row: Row): Row {
  const { created_at, score } = row as { created_at?: string; score?: number | null };
  if (typeof score === "number" && !Number.isFinite(score)) invalid("score", "must be finite");
  if (created_at === undefined) return row;
  const [, time, fraction = "", offset] = TIME.exec(created_at) ?? [];
  if (!time) invalid("created_at", "must be a time with an offset, as toISOString gives it");
  // PostgreSQL keeps six digits, and would round the seventh.
  return { ...row, created_at: time + fraction + offset };
}

/** Says which of the fields differ. @throws {ChatArchiveError} `conflict` */
export function assertSame(wanted: object, stored: object | undefined): void {
  const different = Object.entries(wanted).find(([column, value]) =>
    !sameValue(column, value, (stored as Record<string, unknown> | undefined)?.[column])
  );
  if (stored && !different) return;
  const field = stored ? different![0] : "id";
  const message = "the id is taken by a row with another value";
  throw new ChatArchiveError("conflict", `${field}: ${message}`, {
    details: [{ path: [field], message }],
  });
}

/**
 * Inserts rows by id, so that a repetition changes nothing: duplicates are ignored, read back and
 * compared.
 *
 * @returns the stored rows, in the order given
 * @throws {ChatArchiveError} `conflict` where an id is taken by a row that differs, or by someone else
 */
export async function insertOnce<T extends InsertTable>(
  { connection, limit }: Operation,
  table: T,
  rows: NewRow<T>[],
): Promise<Tables[T]["Row"][]> {
  type Row = Tables[T]["Row"] & { id: string };
  // supabase-js can't follow a table that is a type parameter; the rows are of the named table.
  const from = () => connection.supabase.from(table as "chats");
  const stored = new Map<string, Row>();
  const keep = (found: unknown) => {
    for (const row of found as Row[]) stored.set(row.id, row);
  };
  for (const batch of batches(rows.map(checked))) {
    const inserted = await query(() =>
      from().upsert(batch as NewRow<"chats">[], { onConflict: "id", ignoreDuplicates: true })
        .select().abortSignal(limit())
    );
    for (const row of inserted) newRows.add(row);
    keep(inserted);
    const earlier = batch.map(({ id }) => id).filter((id) => !stored.has(id));
    for (const ids of chunked(earlier, IDS_PER_QUERY)) {
      keep(await query(() => from().select().in("id", ids).retry(false).abortSignal(limit())));
    }
    // What was just inserted is what was sent; all else has to be compared, an id given twice too.
    const fresh = new Set<string>(inserted.map(({ id }) => id));
    for (const row of batch) {
      if (fresh.delete(row.id)) continue;
      const { created_at: _, ...others } = row;
      assertSame(connection.givesTimes ? others : row, stored.get(row.id));
    }
  }
  return rows.map(({ id }) => stored.get(id)!);
}
