import type { Status } from "../../rows.ts";
import { checkedSave, type SaveVerbs } from "./save_chat.ts";
import type { UIMessage } from "../ui_message.ts";

/** Which chat, and what is stored of it. */
export interface ChatSaverOptions {
  /** The framework's own id. */
  id: string;
  /** What loadChat gave. */
  messages?: UIMessage[] | undefined;
  /** Title of a new chat; by default how its first question begins. */
  title?: string | undefined;
  /** Called with what kept a list from being saved. The next one is tried all the same. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Saves a chat while it changes. */
export interface ChatSaver {
  /** Saves this list, unless a newer one comes before its turn. @param status of the last message */
  save(messages: UIMessage[], status?: Status): void;
  /** Resolves when all that was given is saved, or was refused. */
  settled(): Promise<void>;
}

/**
 * Saves a chat while it changes, as often as the server keeps up: of the lists that come while one is
 * on its way, only the newest is sent. What was saved and is not in the list any more is deleted.
 *
 * @example
 * ```ts
 * import { chatSaver, loadChat } from "chat-archive/ai-sdk";
 *
 * const id = "streamed";
 * const saver = chatSaver(archive, { id, messages: await loadChat(archive, { id }) });
 * for (const text of ["Abo", "About 3,700", "About 3,700 kB."]) {
 *   saver.save([{ id: "a1", role: "assistant", parts: [{ type: "text", text }] }]);
 * }
 * await saver.settled();
 * ```
 */
export function chatSaver(
  archive: SaveVerbs,
  { id, messages = [], title, onError }: ChatSaverOptions,
): ChatSaver {
  let saved = messages;
  let next: { messages: UIMessage[]; status: Status | undefined } | undefined;
  let running: Promise<void> | undefined;
  const run = async () => {
    for (let list = next; list; list = next) {
      next = undefined;
      let sent: UIMessage[] = [];
      try {
        const save = await checkedSave(archive, { id, title, ...list, replaces: saved });
        sent = list.messages;
        await save();
        saved = sent;
      } catch (error) {
        onError?.(error);
        // What was sent may be saved all the same; what is gone is asked for again.
        saved = [...new Map([...saved, ...sent].map((one) => [one.id, one])).values()];
      }
    }
    running = undefined;
  };
  return {
    save(messages, status) {
      next = { messages, status };
      running ??= run();
    },
    settled: () => running ?? Promise.resolve(),
  };
}
