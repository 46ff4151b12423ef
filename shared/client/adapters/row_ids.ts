/**
 * Ids of messages' rows.
 *
 * @module
 */
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import { derivedId } from "./derived_id.ts";
import { externalId, isUuid } from "./framework_ids.ts";

/** Rows of messages by the framework's ids. */
export type RowIds = Map<string, {
  id: string;
  /** Whether the row was found in the chat. */
  isStored?: boolean;
  /** Whether something else has written it, without an `external_id`. */
  isForeign?: boolean;
}>;

/** Messages whose rows are meant. */
export interface WhoseRows extends CallOptions {
  chat_id: string;
  ids: string[];
  /**
   * Those whose stored rows must be found; by default all. With it, a uuid that is not found is its
   * row's id; without, it is not: another chat may have that row.
   */
  sought?: string[];
}

/**
 * Ids of rows. In a chat that was imported, or that something else has written to, they are found in
 * what is stored: the newest messages are read first, and no more than needed.
 */
export async function rowIdsOf(
  archive: Pick<ArchiveVerbs, "messages">,
  { chat_id, ids, sought, signal }: WhoseRows,
): Promise<RowIds> {
  const left = new Set(await Promise.all((sought ?? ids).map(externalId)));
  const rows: RowIds = new Map();
  const stored = left.size > 0 ? archive.messages({ chat_id, order: "desc", signal }) : [];
  for await (const { id, external_id } of stored) {
    rows.set(external_id ?? id, { id, isStored: true, isForeign: external_id === null });
    left.delete(external_id ?? id);
    if (left.size === 0) break;
  }
  for (const id of ids) {
    rows.set(
      id,
      rows.get(await externalId(id)) ??
        { id: sought && isUuid(id) ? id : await derivedId("message", chat_id, id) },
    );
  }
  return rows;
}
