import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { Message, Status } from "../../rows.ts";
import { type ChatVerbs, findChat } from "../framework_ids.ts";
import { inTurn } from "../in_turn.ts";
import type { KeepVerbs } from "../keep_messages.ts";
import { loadKeeping } from "../load_keeping.ts";
import { signFiles } from "../file_names.ts";
import { isRoot, messageOf, storedMessages } from "../message_of_row.ts";
import type { UIMessage } from "../ui_message.ts";
import { chatIdOf, type ThreadItem } from "./thread_item.ts";
import { type ThreadMessage, threadMessageOf, WHOLE } from "./thread_messages.ts";

/** What {@link threadHistoryAdapter} needs of an archive. */
export type HistoryVerbs = ChatVerbs & KeepVerbs & Pick<ArchiveVerbs, "history">;

/** A message of a thread, and which one it follows. */
export interface ThreadMessageItem<M> {
  message: M;
  parentId: string | null;
  runConfig?: Record<string, unknown>;
}

/** A message in a format of its runtime, and which one it follows. */
export interface FormatItem<M> {
  message: M;
  parentId: string | null;
}

/** How a runtime's messages become JSON: a MessageFormatAdapter of assistant-ui. */
export interface MessageFormat<M, Stored> {
  format: string;
  encode(item: FormatItem<M>): Stored;
  decode(
    stored: { id: string; parent_id: string | null; format: string; content: Stored },
  ): FormatItem<M>;
  getId(message: M): string;
}

/** The history of a thread in a format. */
export interface FormattedHistory<M> {
  load(): Promise<{ messages: FormatItem<M>[] }>;
  append(item: FormatItem<M>): Promise<void>;
  update(item: FormatItem<M>, localMessageId: string): Promise<void>;
  delete(items: FormatItem<M>[]): Promise<void>;
}

/** A ThreadHistoryAdapter of assistant-ui. */
export interface ThreadHistory<M> {
  load(): Promise<{ messages: ThreadMessageItem<M>[] }>;
  append(item: ThreadMessageItem<M>): Promise<void>;
  update(item: ThreadMessageItem<M>): Promise<void>;
  delete(items: ThreadMessageItem<M>[]): Promise<void>;
  withFormat<T, Stored>(
    format: MessageFormat<T, Stored>,
  ): FormattedHistory<T>;
}

/** What a format made of it; undefined where another format did. */
function formattedContent(
  { id: _, ...content }: UIMessage,
  format: string,
): Record<string, unknown> | undefined {
  const [whole] = content.parts as ({ type: string; format?: string; content?: never })[];
  if (whole?.type !== WHOLE) return content as Record<string, unknown>;
  return whole.format === format ? whole.content : undefined;
}

/**
 * The messages of a thread of assistant-ui, with their branches: a ThreadHistoryAdapter. Whatever the
 * runtime (`withFormat`), what it appends comes back. Chats that the AI SDK's adapter has saved are read
 * too.
 *
 * @param thread gives the thread that is open, at the time of each call
 *
 * @example
 * ```ts
 * import { threadHistoryAdapter, threadListAdapter } from "chat-archive/assistant-ui";
 *
 * const { remoteId } = await threadListAdapter(archive).initialize("a-thread");
 * const thread = { getState: () => ({ remoteId }), initialize: async () => ({ remoteId }) };
 * const { messages } = await threadHistoryAdapter(archive, () => thread).load();
 * ```
 */
export function threadHistoryAdapter<M extends ThreadMessage = ThreadMessage>(
  archive: HistoryVerbs,
  thread: () => ThreadItem,
): ThreadHistory<M> {
  /** Rows of the thread's chat in order, each with its message and the id of that message's parent. */
  const read = async (): Promise<
    { row: Message; message: UIMessage; parentId: string | null }[]
  > => {
    const { remoteId } = thread().getState();
    const chat = remoteId === undefined ? undefined : await findChat(archive, { id: remoteId });
    if (!chat) return [];
    const rows = await storedMessages(archive, { chat_id: chat.id });
    const messages = rows.map(messageOf);
    await signFiles(archive, messages, {});
    const idOf = new Map(rows.map(({ id }, index) => [id, messages[index]!.id]));
    return rows.map((row, index) => ({
      row,
      message: messages[index]!,
      // What has lost its parent, and what never had one, follows the message before it.
      parentId: isRoot(row)
        ? null
        : idOf.get(row.parent_id ?? "") ?? messages[index - 1]?.id ?? null,
    }));
  };
  const write = async (
    item: ThreadItem,
    message: UIMessage,
    parentId: string | null,
    status?: Status,
  ) => {
    const { assertJson, assertMessages, keepMessages } = await loadKeeping();
    assertMessages([message], "messages");
    assertJson([message]);
    const { remoteId } = await item.initialize();
    await inTurn(archive, remoteId, async () => {
      const chat_id = await chatIdOf(archive, { remoteId });
      const parents = new Map([[message.id, parentId]]);
      await keepMessages(archive, { chat_id, messages: [message], parents, status });
    });
  };
  const remove = async (ids: string[]) => {
    const { remoteId } = thread().getState();
    if (remoteId === undefined) return;
    const { rowIdsOf } = await loadKeeping();
    await inTurn(archive, remoteId, async () => {
      const chat_id = await chatIdOf(archive, { remoteId });
      const rows = await rowIdsOf(archive, { chat_id, ids });
      await archive.deleteMessages({ chat_id, ids: ids.map((id) => rows.get(id)!.id) });
    });
  };
  const save = async ({ message, parentId, runConfig }: ThreadMessageItem<M>) => {
    // Another may be open when the answer to the first await is there.
    const item = thread();
    const { rowStatusOf, uiMessageOf } = await loadKeeping();
    await write(item, uiMessageOf(message, runConfig), parentId, rowStatusOf(message));
  };
  return {
    async load() {
      const rows = await read();
      return {
        messages: rows.map(({ row, message, parentId }) => {
          const { runConfig, ...item } = threadMessageOf(message, row.created_at);
          return {
            message: item.message as M,
            parentId,
            ...runConfig === undefined ? {} : { runConfig: runConfig as Record<string, unknown> },
          };
        }),
      };
    },
    append: save,
    update: save,
    delete: (items) => remove(items.map(({ message }) => message.id)),
    withFormat<T, Stored>(format: MessageFormat<T, Stored>) {
      const save = async (item: FormatItem<T>) => {
        const open = thread();
        const { formattedMessage } = await loadKeeping();
        const message = formattedMessage(
          format.getId(item.message),
          format.format,
          format.encode(item) as Record<string, unknown>,
        );
        await write(open, message, item.parentId);
      };
      return {
        async load() {
          const messages = (await read()).flatMap(({ message, parentId }) => {
            const content = formattedContent(message, format.format) as Stored | undefined;
            if (!content) return [];
            const { id } = message;
            return [format.decode({ id, parent_id: parentId, format: format.format, content })];
          });
          return { messages };
        },
        append: save,
        update: save,
        delete: (items: FormatItem<T>[]) =>
          remove(items.map(({ message }) => format.getId(message))),
      };
    },
  };
}
