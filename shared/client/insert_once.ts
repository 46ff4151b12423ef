import { chunked } from "../async.ts";
import { ChatArchiveError, fieldError } from "../errors.ts";
import { CHARACTERS_PER_INSERT, IDS_PER_QUERY, ROWS_PER_INSERT } from "../limits.ts";
import { query } from "../query.ts";
import { TIME } from "../time.ts";
import type { Tables } from "../rows.ts";
import type { Operation } from "./operation.ts";
import { portions } from "./portions.ts";
import { assertSame } from "./same_value.ts";

/** Tables that clients insert into. */
export type InsertTable = "chats" | "chat_messages" | "search_results";
/** A new row; the id makes a repetition of the insert recognizable. */
export type NewRow<T extends InsertTable> = Tables[T]["Insert"] & { id: string };

const LIMITS = { items: ROWS_PER_INSERT, size: CHARACTERS_PER_INSERT };

/** PostgREST would set a column that only some rows of a request have to null in the others. */
const columnsOf = (row: object) => Object.keys(row).toSorted().join();

/**
 * A row as the database will have it: what has several forms, or gets lost in JSON, would differ when
 * it is read back.
 *
 * @throws {ChatArchiveError} `invalid_request`
 */
export function checked<Row extends object>(row: Row): Row {
  const { created_at, score } = row as { created_at?: string; score?: number | null };
  if (typeof score === "number" && !Number.isFinite(score)) {
    throw fieldError("invalid_request", ["score"], "must be finite");
  }
  if (created_at === undefined) return row;
  const [, time, fraction = "", offset] = TIME.exec(created_at) ?? [];
  if (!time) {
    throw fieldError(
      "invalid_request",
      ["created_at"],
      "must be a time as toISOString gives it",
    );
  }
  // PostgreSQL keeps six digits, and would round the seventh.
  return { ...row, created_at: time + fraction + offset };
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
  const sizeOf = (row: NewRow<T>) => JSON.stringify(row).length;
  const saved: string[] = [];
  /** @throws the first row's error; the others of the request are saved all the same */
  const insert = async (batch: NewRow<T>[]) => {
    const inserted = await query(() =>
      from().upsert(batch as NewRow<"chats">[], { onConflict: "id", ignoreDuplicates: true })
        .select().abortSignal(limit())
    );
    keep(inserted);
    const earlier = batch.map(({ id }) => id).filter((id) => !stored.has(id));
    for (const ids of chunked(earlier, IDS_PER_QUERY)) {
      keep(await query(() => from().select().in("id", ids).retry(false).abortSignal(limit())));
    }
    // What was just inserted is what was sent; all else has to be compared, an id given twice too.
    const fresh = new Set<string>(inserted.map(({ id }) => id));
    const failures: unknown[] = [];
    for (const row of batch) {
      try {
        if (!fresh.delete(row.id)) assertSame(row, stored.get(row.id));
        saved.push(row.id);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    for (const batch of portions(rows.map(checked), LIMITS, sizeOf, columnsOf)) await insert(batch);
  } catch (error) {
    throw error instanceof ChatArchiveError ? error.with({ saved }) : error;
  }
  return rows.map(({ id }) => stored.get(id)!);
}
