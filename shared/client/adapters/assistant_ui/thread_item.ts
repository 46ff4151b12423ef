import { ChatArchiveError } from "../../../errors.ts";
import type { CallOptions } from "../../connection.ts";
import type { Chat } from "../../rows.ts";
import { type ChatVerbs, findChat, isUuid } from "../framework_ids.ts";

/** The thread of assistant-ui that is open: `useThreadListItemRuntime()`, or `useAui().threadListItem()`. */
export interface ThreadItem {
  getState(): { remoteId?: string | undefined };
  /** Makes a thread of a new one. */
  initialize(): Promise<{ remoteId: string }>;
}

/** The chat of a thread: its remoteId is the id of the chat's row, or a framework's own. */
export async function chatOf(
  archive: Pick<ChatVerbs, "listChats" | "getChat">,
  { remoteId, signal }: { remoteId: string } & CallOptions,
): Promise<Chat> {
  const chat = await findChat(archive, { id: remoteId, signal });
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

/** Its row's id, without a request where the thread has it. */
export async function chatIdOf(
  archive: Pick<ChatVerbs, "listChats" | "getChat">,
  thread: { remoteId: string } & CallOptions,
): Promise<string> {
  return isUuid(thread.remoteId) ? thread.remoteId : (await chatOf(archive, thread)).id;
}
