import { ChatArchiveError } from "../../../errors.ts";
import { MAX_ROWS } from "../../../limits.ts";
import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { NewMessage } from "../../add_messages.ts";
import type { CallOptions } from "../../connection.ts";
import { portions } from "../../portions.ts";
import type { Message, Status } from "../../rows.ts";
import {
  assertId,
  type ChatVerbs,
  derivedId,
  externalId,
  isUuid,
  openChat,
} from "../framework_ids.ts";
import { inTurn } from "../in_turn.ts";
import { type Failure, type FileVerbs, forgetLostFiles, keepFiles } from "./file_parts.ts";
import { assertMessages, readableText, rowOf } from "./message_rows.ts";
import { keepSources } from "./source_parts.ts";
import type { UIMessage } from "./ui_message.ts";

/** What {@link saveChat} needs of an archive. */
export type SaveVerbs =
  & ChatVerbs
  & FileVerbs
  & Pick<ArchiveVerbs, "saveMessages" | "deleteMessages" | "messages" | "addSearchResults">;

/** A list of messages to be saved. */
export interface SaveChat extends CallOptions {
  /** The framework's own id, of any form. The chat begins with its first save. */
  id: string;
  /** Those that are stored are changed, the others are added, in order. */
  messages: UIMessage[];
  /**
   * The messages that this page knew: those that are not in the list any more are deleted. What another
   * tab has added is never among them.
   */
  replaces?: UIMessage[] | undefined;
  /** Title of a new chat; by default how its first question begins. */
  title?: string | undefined;
  /**
   * How the last message stands; by default what its parts say. Where it was stopped they say nothing
   * of it: give `incomplete`.
   */
  status?: Status | undefined;
}

/** What was stored. */
export interface SavedChat {
  /** Id of the chat's row. */
  chat_id: string;
  /** Rows of the messages, in the order given. */
  messages: Message[];
}

type Row = NewMessage & { id: string };
type RowIds = Map<string, { id: string; isForeign?: boolean }>;

/** One transaction: all of most lists. */
const LIMITS = { items: MAX_ROWS, size: 4_000_000 };
const MAX_TITLE = 80;

function titleOf(messages: UIMessage[]): string {
  const question = messages.find(({ role }) => role === "user") ?? messages[0];
  const text = question ? readableText(question).replace(/\s+/g, " ").trim() : "";
  return text.slice(0, MAX_TITLE).toWellFormed() || "New chat";
}

/** Ids that messages have where nobody else wrote them: a uuid as it is, others derived. */
async function ownRowIds(chat_id: string, ids: string[]): Promise<RowIds> {
  const entries = ids.map(async (id) =>
    [id, { id: isUuid(id) ? id : await derivedId("message", chat_id, id) }] as const
  );
  return new Map(await Promise.all(entries));
}

/** Ids that messages have in a chat that was imported or written by something else. */
async function storedRowIds(
  archive: SaveVerbs,
  { chat_id, ids, signal }: { chat_id: string; ids: string[] } & CallOptions,
): Promise<RowIds> {
  const stored: RowIds = new Map();
  for await (const { id, external_id } of archive.messages({ chat_id, signal })) {
    stored.set(external_id ?? id, { id, isForeign: external_id === null });
  }
  const entries = ids.map(async (id) =>
    [
      id,
      stored.get(await externalId(id)) ?? { id: await derivedId("message", chat_id, id) },
    ] as const
  );
  return new Map(await Promise.all(entries));
}

/** Stores rows, and deletes others with the last of them. */
async function store(
  archive: SaveVerbs,
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
  const message = `${path.join(".")}: ${error.message}`;
  const details = error.code === "quota_exceeded" && error.details
    ? error.details
    : [{ path, message: error.message }];
  return new ChatArchiveError(error.code, message, {
    details,
    cause: error,
    ...error.requestId === undefined ? {} : { requestId: error.requestId },
  });
}

async function save(archive: SaveVerbs, input: SaveChat): Promise<SavedChat> {
  const { id, messages, replaces = [], title = titleOf(messages), status, signal } = input;
  const listed = new Set(messages.map(({ id }) => id));
  const gone = replaces.map(({ id }) => id).filter((id) => !listed.has(id));
  const ids = [...listed, ...gone];
  // Before anything is written: what is no JSON is refused.
  const isLast = (index: number) => index === messages.length - 1;
  const external = await Promise.all(messages.map(({ id }) => externalId(id)));
  const rowAt = (message: UIMessage, index: number, id: string): Row => {
    const external_id = external[index]!;
    const row = rowOf(message, {
      id,
      external_id,
      path: ["messages", index],
      isLast: isLast(index),
    });
    return status && isLast(index) ? { ...row, status } : row;
  };
  messages.forEach((message, index) => rowAt(message, index, ""));

  const { id: chat_id } = await openChat(archive, { id, title, signal });
  let rowIds: RowIds | undefined;
  let failures: Failure[] = [];
  const attempt = async ({ again }: { again: boolean }): Promise<Message[]> => {
    failures = [];
    const rows: Row[] = [];
    for (const [index, message] of messages.entries()) {
      const { id, isForeign } = rowIds!.get(message.id)!;
      const { external_id, ...columns } = rowAt(message, index, id);
      const row = isForeign ? columns : { ...columns, external_id: external_id! };
      const path = ["messages", index];
      failures.push(...await keepFiles(archive, { row, message, path, chat_id, again, signal }));
      rows.push(row);
    }
    if (again) await forgetLostFiles(archive, rows, { signal });
    const ids = gone.map((id) => rowIds!.get(id)!.id);
    return await store(archive, { chat_id, rows, replaces: ids, signal });
  };
  const known = { chat_id, ids, signal };
  // What is to go must be found where it is, not where it would be: nothing would tell that it was not.
  rowIds = gone.length > 0 ? await storedRowIds(archive, known) : await ownRowIds(chat_id, ids);
  let stored: Message[];
  try {
    stored = await attempt({ again: false });
  } catch (error) {
    const code = error instanceof ChatArchiveError ? error.code : undefined;
    if (code === "conflict") rowIds = await storedRowIds(archive, known);
    // A file that a part names may be gone, with a message that another tab has deleted.
    else if (code !== "not_found") throw error;
    stored = await attempt({ again: code === "not_found" });
  }
  await keepSources(archive, {
    chat_id,
    messages: messages.map((message, index) => ({ message, message_id: stored[index]!.id })),
    signal,
  });
  if (failures[0]) throw partError(failures[0]);
  return { chat_id, messages: stored };
}

/**
 * Saves the messages of a chat as the AI SDK has them, also while the last one is still written. The
 * chat begins with its first save. Calls for one chat are carried out in their order.
 *
 * Files that are data URLs go into the bucket, and parts name them; sources with a page become search
 * results. Where a file can't be kept, all else is saved before the error tells which part it is.
 *
 * @throws {ChatArchiveError} `invalid_request` naming the message and field that is wrong, with nothing
 *   saved; `conflict` where the id is that of another user's chat; `quota_exceeded`; the code of a
 *   file's error, with its path (`messages.2.parts.1`)
 *
 * @example
 * ```ts
 * import { loadChat, saveChat } from "chat-archive/ai-sdk";
 *
 * const id = "my-chat";
 * const before = await loadChat(archive, { id });
 * const question = { id: "q1", role: "user" as const, parts: [{ type: "text", text: "Why?" }] };
 * await saveChat(archive, { id, messages: [...before, question], replaces: before });
 * ```
 */
export async function saveChat(archive: SaveVerbs, input: SaveChat): Promise<SavedChat> {
  const { id, messages, replaces = [] } = input;
  assertId(id);
  assertMessages(messages, "messages");
  assertMessages(replaces, "replaces");
  const list = { ...input, messages: [...messages], replaces: [...replaces] };
  return await inTurn(archive, id, () => save(archive, list));
}
