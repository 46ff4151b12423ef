import { type ChatArchiveError, fieldError } from "../../errors.ts";
import { MAX_ROWS } from "../../limits.ts";
import type { NewMessage } from "../add_messages.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import { notLoaded } from "../not_loaded.ts";
import { portions } from "../portions.ts";
import type { Message, Status } from "../rows.ts";
import { codeOf } from "./code_of.ts";
import { externalId } from "./framework_ids.ts";
import { type Failure, type FileVerbs, forgetLostFiles, keepFiles } from "./keep_files.ts";
import { rowOf } from "./row_of_message.ts";
import { type RowIds, rowIdsOf } from "./row_ids.ts";
import type { UIMessage } from "./ui_message.ts";

/** What is needed to keep messages. */
export type KeepVerbs =
  & FileVerbs
  & Pick<ArchiveVerbs, "saveMessages" | "deleteMessages" | "messages" | "addSearchResults">;

/** Messages for one chat. */
export interface KeepMessages extends CallOptions {
  chat_id: string;
  messages: UIMessage[];
  /** Ids of messages that are to go. */
  gone?: string[];
  /** Of the last message; by default what its parts say. */
  status?: Status | undefined;
  /** Which message each follows; null: none. Where it is left out, the order alone counts. */
  parents?: ReadonlyMap<string, string | null>;
}

type Row = NewMessage & { id: string };

/** One transaction: all of most lists. */
const LIMITS = { items: MAX_ROWS, size: 4_000_000 };

/** Stores rows, and deletes others with the last of them. */
async function store(
  archive: KeepVerbs,
  { chat_id, rows, replaces, signal }: {
    chat_id: string;
    rows: Row[];
    replaces: string[];
  } & CallOptions,
): Promise<Message[]> {
  const stored: Message[] = [];
  const parts = portions(rows, LIMITS, (row) => JSON.stringify(row).length);
  const last = parts.pop() ?? [];
  for (const messages of parts) {
    stored.push(...await archive.saveMessages({ chat_id, messages, signal }));
  }
  const gone = replaces.slice(0, MAX_ROWS);
  stored.push(...await archive.saveMessages({ chat_id, messages: last, replaces: gone, signal }));
  const rest = replaces.slice(MAX_ROWS);
  if (rest.length > 0) await archive.deleteMessages({ chat_id, ids: rest, signal });
  return stored;
}

/** The error about a file, which names its part. */
function partError({ path, error }: Failure): ChatArchiveError {
  const { code, message, details, requestId } = error;
  return fieldError(code, path, message, { cause: error }).with({
    ...code === "quota_exceeded" && details ? { details } : {},
    ...requestId === undefined ? {} : { requestId },
  });
}

/**
 * Stores messages with their files and sources.
 *
 * @returns their rows, in the order given
 * @throws {ChatArchiveError} `invalid_request` where one is no JSON, with nothing stored; a file's error,
 *   which names the part, when all else is stored
 */
export async function keepMessages(
  archive: KeepVerbs,
  { chat_id, messages, gone = [], status, parents, signal }: KeepMessages,
): Promise<Message[]> {
  let failures: Failure[] = [];
  const attempt = async (rowIds: RowIds, again: boolean): Promise<Message[]> => {
    failures = [];
    const rows: Row[] = [];
    for (const [index, message] of messages.entries()) {
      const { id, isForeign } = rowIds.get(message.id)!;
      const path = ["messages", index];
      const isLast = index === messages.length - 1;
      const { external_id, ...columns } = rowOf(message, {
        id,
        external_id: await externalId(message.id),
        path,
        isLast,
        isRoot: parents?.get(message.id) === null,
      });
      const parent = rowIds.get(parents?.get(message.id) ?? "");
      const row: Row = {
        ...columns,
        ...isForeign ? {} : { external_id },
        ...status && isLast ? { status } : {},
        ...parent && (parent.isStored || !again) ? { parent_id: parent.id } : {},
      };
      const place = { row, message, path, chat_id, again, signal };
      failures.push(...await keepFiles(archive, place));
      rows.push(row);
    }
    if (again) await forgetLostFiles(archive, rows, { signal });
    const replaces = gone.map((id) => rowIds.get(id)!.id);
    return await store(archive, { chat_id, rows, replaces, signal });
  };
  const before = [...parents?.values() ?? []].filter((id) => id !== null);
  const ids = [...new Set([...messages.map(({ id }) => id), ...before, ...gone])];
  const whose = { chat_id, ids, signal };
  let stored: Message[];
  try {
    // What is to go must be looked for: nothing would tell that it is not where it would be.
    const rowIds = await rowIdsOf(archive, { ...whose, sought: gone });
    stored = await attempt(rowIds, false);
  } catch (error) {
    // Rows that have other ids; files or a parent that are gone, since another tab has deleted them.
    const code = codeOf(error);
    if (code !== "conflict" && code !== "not_found") throw error;
    stored = await attempt(await rowIdsOf(archive, whose), code === "not_found");
  }
  if (messages.some(({ parts }) => parts.some(({ type }) => type.startsWith("source")))) {
    const { keepSources } = await import("./keep_sources.ts").catch(notLoaded);
    const cited = messages.map((message, index) => ({ message, message_id: stored[index]!.id }));
    await keepSources(archive, { chat_id, messages: cited, signal });
  }
  if (failures[0]) throw partError(failures[0]);
  return stored;
}
