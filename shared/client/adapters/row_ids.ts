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

/** Ids that rows have where nobody else wrote them: a uuid as it is, others derived. */
export async function ownRowIds(chat_id: string, ids: string[]): Promise<RowIds> {
  const entries = ids.map(async (id) =>
    [id, { id: isUuid(id) ? id : await derivedId("message", chat_id, id) }] as const
  );
  return new Map(await Promise.all(entries));
}

/** Ids that rows have in a chat that was imported, or that something else has written to. */
export async function storedRowIds(
  archive: Pick<ArchiveVerbs, "messages">,
  { chat_id, ids, signal }: { chat_id: string; ids: string[] } & CallOptions,
): Promise<RowIds> {
  const stored: RowIds = new Map();
  for await (const { id, external_id } of archive.messages({ chat_id, signal })) {
    stored.set(external_id ?? id, { id, isStored: true, isForeign: external_id === null });
  }
  const entries = ids.map(async (id) =>
    [
      id,
      stored.get(await externalId(id)) ?? { id: await derivedId("message", chat_id, id) },
    ] as const
  );
  return new Map(await Promise.all(entries));
}
