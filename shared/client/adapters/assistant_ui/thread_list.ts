import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { ChatCursor } from "../../chat_window.ts";
import type { Chat, Metadata } from "../../rows.ts";
import { codeOf } from "../code_of.ts";
import type { ChatVerbs } from "../framework_ids.ts";
import { loadKeeping } from "../load_keeping.ts";
import type { UIMessage } from "../ui_message.ts";
import { chatIdOf, chatOf } from "./thread_item.ts";

/** What {@link threadListAdapter} needs of an archive. */
export type ThreadListVerbs =
  & ChatVerbs
  & Pick<ArchiveVerbs, "updateChat" | "archiveChat" | "unarchiveChat" | "deleteChat">;

/** A thread in a list. */
export interface ThreadMetadata {
  status: "regular" | "archived";
  remoteId: string;
  externalId: string | undefined;
  title: string;
  lastMessageAt: Date;
  custom: Record<string, unknown>;
}

/** A piece of a title, as assistant-ui streams it. */
export type TitleChunk =
  & { path: readonly number[] }
  & (
    | { type: "part-start"; part: { type: "text" } }
    | { type: "text-delta"; textDelta: string }
    | { type: "part-finish" }
  );

/** A RemoteThreadListAdapter of assistant-ui. */
export interface ThreadListAdapter {
  list(params?: { after?: string | undefined }): Promise<{
    threads: ThreadMetadata[];
    nextCursor: string | undefined;
  }>;
  initialize(
    threadId: string,
    options?: { custom?: Record<string, unknown> | undefined },
  ): Promise<{ remoteId: string; externalId: string | undefined }>;
  fetch(threadId: string): Promise<ThreadMetadata>;
  rename(remoteId: string, newTitle: string): Promise<void>;
  updateCustom(remoteId: string, custom: Record<string, unknown> | undefined): Promise<void>;
  archive(remoteId: string): Promise<void>;
  unarchive(remoteId: string): Promise<void>;
  delete(remoteId: string): Promise<void>;
  generateTitle(
    remoteId: string,
    messages: readonly { id: string; role: string; content: readonly object[] }[],
  ): Promise<ReadableStream<TitleChunk>>;
}

/** Until there is a title. */
const NEW_CHAT = "New chat";
/** How assistant-ui's own ids of new threads begin. */
const LOCAL = "__LOCALID_";
/** Characters of the column. */
const MAX_TITLE = 255;

const metadataOf = (chat: Chat): ThreadMetadata => ({
  status: chat.is_archived ? "archived" : "regular",
  remoteId: chat.id,
  externalId: chat.external_id ?? undefined,
  title: chat.title,
  lastMessageAt: new Date(chat.updated_at),
  custom: chat.metadata,
});

/**
 * The chats of the archive as threads of assistant-ui, last active first: a RemoteThreadListAdapter.
 *
 * @example
 * ```ts
 * import { threadListAdapter } from "chat-archive/assistant-ui";
 *
 * const { threads } = await threadListAdapter(archive).list();
 * console.log(threads.map(({ title }) => title));
 * ```
 */
export function threadListAdapter(archive: ThreadListVerbs): ThreadListAdapter {
  /** Chats of new threads. Other pages give their threads the same ids, where a server renders them. */
  const begun: Record<string, string> = {};
  const id = (remoteId: string) => chatIdOf(archive, { remoteId });
  const setTitle = async (remoteId: string, title: string) => {
    await archive.updateChat({ id: await id(remoteId), title });
  };
  return {
    async list({ after } = {}) {
      const { chats, next } = await archive.listChats({
        order: "updated_at",
        after: after === undefined ? undefined : JSON.parse(after) as ChatCursor,
      });
      return { threads: chats.map(metadataOf), nextCursor: next && JSON.stringify(next) };
    },
    async initialize(threadId, { custom = {} } = {}) {
      const chat = { title: NEW_CHAT, metadata: custom as Metadata };
      const { id, external_id } = threadId.startsWith(LOCAL)
        ? await archive.createChat({ ...chat, id: begun[threadId] ??= crypto.randomUUID() })
        : await (await loadKeeping()).openChat(archive, { ...chat, id: threadId });
      return { remoteId: id, externalId: external_id ?? undefined };
    },
    async fetch(threadId) {
      return metadataOf(await chatOf(archive, { remoteId: threadId }));
    },
    async rename(remoteId, newTitle) {
      await setTitle(remoteId, newTitle.trim().slice(0, MAX_TITLE) || NEW_CHAT);
    },
    async updateCustom(remoteId, custom = {}) {
      await archive.updateChat({ id: await id(remoteId), metadata: custom as Metadata });
    },
    async archive(remoteId) {
      await archive.archiveChat({ id: await id(remoteId) });
    },
    async unarchive(remoteId) {
      await archive.unarchiveChat({ id: await id(remoteId) });
    },
    async delete(remoteId) {
      try {
        await archive.deleteChat({ id: await id(remoteId) });
      } catch (error) {
        // Another tab was first.
        if (codeOf(error) !== "not_found") throw error;
      }
    },
    async generateTitle(remoteId, messages) {
      const list = messages.map(({ role, content }) => ({ role, parts: content }));
      const { titleOf } = await loadKeeping();
      const title = titleOf(list as unknown as UIMessage[]);
      await setTitle(remoteId, title);
      return new ReadableStream({
        start(controller) {
          controller.enqueue({ path: [], type: "part-start", part: { type: "text" } });
          controller.enqueue({ path: [0], type: "text-delta", textDelta: title });
          controller.enqueue({ path: [0], type: "part-finish" });
          controller.close();
        },
      });
    },
  };
}
