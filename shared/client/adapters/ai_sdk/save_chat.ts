import type { CallOptions } from "../../connection.ts";
import type { Message, Status } from "../../rows.ts";
import { assertId, type ChatVerbs } from "../framework_ids.ts";
import { inTurn } from "../in_turn.ts";
import type { KeepVerbs } from "../keep_messages.ts";
import { loadKeeping } from "../load_keeping.ts";
import type { UIMessage } from "../ui_message.ts";

/** What {@link saveChat} needs of an archive. */
export type SaveVerbs = ChatVerbs & KeepVerbs;

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
  const save = await checkedSave(archive, input);
  return await save();
}

/**
 * Checks a list, and sends nothing.
 *
 * @returns what saves it
 * @throws {ChatArchiveError} `invalid_request` naming the message and field that is wrong
 */
export async function checkedSave(
  archive: SaveVerbs,
  input: SaveChat,
): Promise<() => Promise<SavedChat>> {
  const { id, title, status, signal } = input;
  const { assertJson, assertMessages, keepMessages, openChat, titleOf } = await loadKeeping();
  assertId(id);
  assertMessages(input.messages, "messages");
  assertMessages(input.replaces ?? [], "replaces");
  assertJson(input.messages);
  const messages = [...input.messages];
  const listed = new Set(messages.map(({ id }) => id));
  const gone = (input.replaces ?? []).map(({ id }) => id).filter((id) => !listed.has(id));
  return () =>
    inTurn(archive, id, async () => {
      const chat = await openChat(archive, { id, title: title ?? titleOf(messages), signal });
      const list = { chat_id: chat.id, messages, gone, status, signal };
      return { chat_id: chat.id, messages: await keepMessages(archive, list) };
    });
}
