import { chunked } from "../../async.ts";
import { IDS_PER_QUERY } from "../../limits.ts";
import { query } from "../../query.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Connection } from "../connection.ts";
import { operate } from "../operation.ts";
import type { LocalTable, LocalTables } from "./local_rows.ts";

/** The server, as one user sees it: every request goes out for that user or not at all. */
export interface Server {
  verbs: ArchiveVerbs;
  /** Those rows of some ids that are there. */
  rows<T extends LocalTable>(table: T, ids: string[]): Promise<LocalTables[T][]>;
  /**
   * Changes a row that nobody has changed since it was read.
   *
   * @param updated_at as it was read
   * @returns undefined where somebody has, or where it is gone
   */
  change<T extends "chats" | "chat_messages">(
    table: T,
    id: string,
    changes: object,
    updated_at: string,
  ): Promise<LocalTables[T] | undefined>;
}

/** Makes the server of a connection for one user. */
export type ServerFor = (connection: Connection, user_id: string) => Server;

/**
 * The server of a connection for one user.
 *
 * @param bindVerbs is handed in: what a page loads first must not be led to from here, or bundlers would
 *   put all of it there
 */
export const serverFor = (bindVerbs: (connection: Connection) => ArchiveVerbs): ServerFor =>
(
  connection,
  user_id,
) => {
  const bound: Connection = { ...connection, user_id };
  return {
    verbs: bindVerbs(bound),
    rows: <T extends LocalTable>(table: T, ids: string[]) =>
      operate(bound, { operation: "read" }, async ({ connection: { supabase }, limit }) => {
        const rows: unknown[] = [];
        for (const some of chunked(ids, IDS_PER_QUERY)) {
          // supabase-js can't follow a table that is a type parameter.
          const request = supabase.from(table as "chats").select().in("id", some).retry(false);
          rows.push(...await query(() => request.abortSignal(limit())));
        }
        return rows as LocalTables[T][];
      }),
    change: <T extends "chats" | "chat_messages">(
      table: T,
      id: string,
      changes: object,
      updated_at: string,
    ) =>
      operate(bound, { operation: "change" }, async ({ connection: { supabase }, limit }) => {
        const row = await query(() =>
          supabase.from(table as "chats").update(changes).eq("id", id).eq("updated_at", updated_at)
            .select().abortSignal(limit()).maybeSingle()
        );
        return (row ?? undefined) as LocalTables[T] | undefined;
      }),
  };
};
