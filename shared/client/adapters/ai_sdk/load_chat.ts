import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { CallOptions } from "../../connection.ts";
import { findChat } from "../framework_ids.ts";
import { signFiles } from "../file_names.ts";
import { messageOf, storedMessages } from "../message_of_row.ts";
import type { UIMessage } from "../ui_message.ts";

/** What {@link loadChat} needs of an archive. */
export type LoadVerbs = Pick<
  ArchiveVerbs,
  "listChats" | "getChat" | "messages" | "history" | "downloadUrls"
>;

/** Which chat. */
export interface LoadChat extends CallOptions {
  /** The framework's own id, or that of the chat's row. */
  id: string;
}

/**
 * The messages of a chat as the AI SDK has them, equal to those that were saved: URLs of files are
 * signed anew, and work for some minutes. Messages that something else has written consist of their
 * text, their images and their search results.
 *
 * @returns no message where the caller has no such chat: it begins with the first save
 * @throws {ChatArchiveError} `invalid_request` where the id is empty
 *
 * @example
 * ```ts
 * import { loadChat } from "chat-archive/ai-sdk";
 *
 * const messages = await loadChat(archive, { id: "my-chat" });
 * ```
 */
export async function loadChat<Message extends UIMessage = UIMessage>(
  archive: LoadVerbs,
  { id, signal }: LoadChat,
): Promise<Message[]> {
  const chat = await findChat(archive, { id, signal });
  if (!chat) return [];
  const rows = await storedMessages(archive, { chat_id: chat.id, signal });
  const messages = rows.map(messageOf);
  await signFiles(archive, messages, { signal });
  return messages as Message[];
}
