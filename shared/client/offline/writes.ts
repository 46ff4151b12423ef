import type { ArchiveVerbs } from "../archive_verbs.ts";
import { given, identified, idOf } from "../given.ts";
import { assertServerSeq } from "../message_window.ts";
import { assertSavable } from "../savable.ts";
import { keepSaved, removeDocument, removeMessages } from "./local_removals.ts";
import { PARTS } from "./local_rows.ts";
import type { OfflineArchive } from "./offline_archive.ts";

/** Gives rows their ids, and the time at which they are written: a replay keeps both. */
function written<Row extends { id?: string; created_at?: string }>(chat_id: string, rows: Row[]) {
  const now = new Date().toISOString();
  return identified(chat_id, rows).map(({ chat_id: _, ...row }) => ({
    ...row,
    created_at: row.created_at ?? now,
  }));
}

/** The methods that write rows: to the server, or else to this device until the server is back. */
export function writes(
  archive: OfflineArchive,
): Pick<
  ArchiveVerbs,
  | "createChat"
  | "updateChat"
  | "archiveChat"
  | "unarchiveChat"
  | "addMessage"
  | "addMessages"
  | "updateMessage"
  | "saveMessages"
  | "deleteMessages"
  | "addSearchResults"
  | "attachImages"
  | "deleteImages"
  | "deleteDocument"
  | "deleteChat"
> {
  const createChat: ArchiveVerbs["createChat"] = ({ signal, ...chat }) => {
    const input = given({
      ...chat,
      id: idOf(chat.id),
      // Kept when it is replayed: the chat begins now.
      created_at: chat.created_at ?? new Date().toISOString(),
    });
    return archive.write("createChat", {
      input,
      ids: [input.id],
      signal,
      apply(rows) {
        const isNew = !rows.tables.chats.has(input.id);
        const answer = rows.createChat(input);
        return {
          answer,
          changes: [
            ...rows.keep("chats", [answer]),
            ...(isNew ? rows.keepWhole(input.id, PARTS) : []),
          ],
        };
      },
    });
  };

  const updateChat: ArchiveVerbs["updateChat"] = ({ signal, ...changes }) => {
    const input = given({ ...changes, id: idOf(changes.id) });
    return archive.write("updateChat", {
      input,
      ids: [input.id],
      signal,
      apply(rows) {
        const answer = rows.updateChat(input);
        return { answer, changes: rows.keep("chats", [answer]) };
      },
    });
  };

  const addMessages: ArchiveVerbs["addMessages"] = ({ chat_id, messages, signal }) => {
    const list = written(chat_id, messages);
    const input = { chat_id: idOf(chat_id), messages: list };
    return archive.write("addMessages", {
      input,
      ids: list.map(({ id }) => id),
      signal,
      apply(rows) {
        const answer = rows.addMessages(input);
        return {
          answer,
          changes: [...rows.keep("chat_messages", answer), ...rows.touch(input.chat_id)],
        };
      },
    });
  };

  return {
    createChat,
    updateChat,
    archiveChat: (input) => updateChat({ ...input, is_archived: true }),
    unarchiveChat: (input) => updateChat({ ...input, is_archived: false }),
    async addMessage({ chat_id, signal, ...message }) {
      const [stored] = await addMessages({ chat_id, messages: [message], signal });
      return stored!;
    },
    addMessages,
    updateMessage({ signal, ...changes }) {
      const input = given({ ...changes, id: idOf(changes.id) });
      return archive.write("updateMessage", {
        input,
        ids: [input.id],
        signal,
        apply(rows) {
          const answer = rows.updateMessage(input);
          return { answer, changes: rows.keep("chat_messages", [answer]) };
        },
      });
    },
    async saveMessages(list) {
      assertSavable(list);
      const { signal, chat_id, replaces = [] } = list;
      const messages = written(chat_id, list.messages);
      const input = { chat_id: idOf(chat_id), messages, replaces: replaces.map(idOf) };
      return await archive.write("saveMessages", {
        input,
        ids: messages.map(({ id }) => id),
        signal,
        apply(rows) {
          const answer = rows.saveMessages(input);
          const changes = [...keepSaved(rows, input, answer), ...rows.touch(input.chat_id)];
          return { answer, changes };
        },
      });
    },
    async deleteMessages({ signal, chat_id, ...which }) {
      if ("after" in which) assertServerSeq(which.after);
      const input = "ids" in which
        ? { chat_id: idOf(chat_id), ids: which.ids.map(idOf) }
        : { chat_id: idOf(chat_id), after: which.after };
      return await archive.write("deleteMessages", {
        input,
        ids: input.ids ?? [],
        signal,
        apply(rows) {
          const answer = rows.deleteMessages(input);
          return {
            answer,
            changes: removeMessages(rows, input.chat_id, answer),
            // What this device knows, and nothing that others have added since.
            replayed: { chat_id: input.chat_id, ids: answer },
          };
        },
      });
    },
    addSearchResults({ chat_id, search_results, signal }) {
      const list = written(chat_id, search_results);
      const input = { chat_id: idOf(chat_id), search_results: list };
      return archive.write("addSearchResults", {
        input,
        ids: list.map(({ id }) => id),
        signal,
        apply(rows) {
          const answer = rows.addSearchResults(input);
          return { answer, changes: rows.keep("search_results", answer) };
        },
      });
    },
    attachImages({ signal, message_id, ids }) {
      const input = { message_id: message_id && idOf(message_id), ids: ids.map(idOf) };
      return archive.write("attachImages", {
        input,
        ids: input.ids,
        signal,
        apply(rows) {
          const answer = rows.attachImages(input);
          return { answer, changes: rows.keep("chat_images", answer) };
        },
      });
    },
    deleteImages({ signal, ids }) {
      const input = { ids: ids.map(idOf) };
      return archive.write("deleteImages", {
        input,
        ids: input.ids,
        signal,
        apply: (rows) => ({
          answer: rows.deleteImages(input),
          changes: rows.forget("chat_images", input.ids),
        }),
      });
    },
    deleteDocument({ signal, id }) {
      const input = { id: idOf(id) };
      return archive.write("deleteDocument", {
        input,
        ids: [input.id],
        signal,
        apply(rows) {
          const answer = rows.deleteDocument(input);
          return { answer, changes: removeDocument(rows, answer) };
        },
      });
    },
    deleteChat({ signal, id }) {
      const input = { id: idOf(id) };
      return archive.write("deleteChat", {
        input,
        ids: [input.id],
        signal,
        apply: (rows) => ({ answer: rows.deleteChat(input), changes: rows.forgetChat(input.id) }),
      });
    },
  };
}
