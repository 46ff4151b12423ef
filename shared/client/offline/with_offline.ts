import { identified } from "../add_messages.ts";
import type { ArchiveVerbs, ChatArchive } from "../chat_archive.ts";
import type { Connection } from "../connection.ts";
import { given, idOf } from "../insert_once.ts";
import type { ChatFilter, ChatPage, ListChats } from "../list_chats.ts";
import type { Chat, Image, Message, MessageWithItems, SearchResult } from "../rows.ts";
import type { Device } from "./device.ts";
import { PARTS } from "./local_rows.ts";
import { OfflineArchive, type OfflineOptions } from "./offline_archive.ts";

/** The chats that a device knows, newest first, as `listChats` gives them. */
function localChats(device: Device, { is_archived, after, limit = 50 }: ListChats): ChatPage {
  const before = (a: { created_at: string; id: string }, b: { created_at: string; id: string }) =>
    Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);
  const found = device.flagged([...device.rows.tables.chats.values()])
    .filter((chat) => is_archived === undefined || chat.is_archived === is_archived)
    .toSorted(before)
    .filter((chat) => !after || before(after, chat) < 0);
  const chats = found.slice(0, limit);
  const last = chats.at(-1);
  return {
    chats,
    local: true,
    ...(last && found.length > limit ? { next: { created_at: last.created_at, id: last.id } } : {}),
  };
}

function localMessages(device: Device, chat_id: string, after = 0): Message[] {
  device.rows.assertWhole(chat_id, ["messages"]);
  const rows = device.flagged(device.rows.of("chat_messages", chat_id));
  return rows.filter(({ seq }) => seq > after);
}

function localHistory(device: Device, chat_id: string, after = 0): MessageWithItems[] {
  device.rows.assertWhole(chat_id, ["items"]);
  const images = device.flagged(device.rows.of("chat_images", chat_id));
  const hits = device.flagged(device.rows.of("search_results", chat_id));
  return localMessages(device, chat_id, after).map((message) => ({
    ...message,
    images: images.filter(({ message_id }) => message_id === message.id),
    search_results: hits.filter(({ message_id }) => message_id === message.id),
  }));
}

function localImages(device: Device, chat_id: string): Image[] {
  device.rows.assertWhole(chat_id, ["images"]);
  return device.flagged(device.rows.of("chat_images", chat_id));
}

function localHits(device: Device, chat_id: string): SearchResult[] {
  device.rows.assertWhole(chat_id, ["search_results"]);
  return device.flagged(device.rows.of("search_results", chat_id));
}

/** An archive that goes on working on this device while the server can't be reached. */
export function withOffline(
  online: ArchiveVerbs,
  connection: Connection,
  options: OfflineOptions,
): ChatArchive {
  const archive = new OfflineArchive(online, connection, options);

  const createChat: ChatArchive["createChat"] = ({ signal, ...chat }) => {
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

  const updateChat: ChatArchive["updateChat"] = ({ signal, ...input }) =>
    archive.write("updateChat", {
      input: given(input),
      ids: [input.id],
      signal,
      apply(rows) {
        const answer = rows.updateChat(given(input));
        return { answer, changes: rows.keep("chats", [answer]) };
      },
    });

  const addMessages: ChatArchive["addMessages"] = ({ chat_id, messages, signal }) => {
    const written = new Date().toISOString();
    const list = identified(chat_id, messages).map(({ chat_id: _, ...message }) => ({
      ...message,
      created_at: message.created_at ?? written,
    }));
    const input = { chat_id, messages: list };
    return archive.write("addMessages", {
      input,
      ids: list.map(({ id }) => id),
      signal,
      apply(rows) {
        const answer = rows.addMessages(input);
        return { answer, changes: rows.keep("chat_messages", answer) };
      },
    });
  };

  const listChats = (input: ListChats = {}) =>
    archive.read(
      () => online.listChats(input),
      ({ chats }, rows) => rows.keep("chats", chats),
      (device) => localChats(device, input),
    );

  return {
    createChat,
    getChat: (input) =>
      archive.read(
        () => online.getChat(input),
        (chat, rows) => rows.keep("chats", [chat]),
        (device) => device.flagged([device.rows.chat(input.id)])[0]!,
      ),
    listChats,
    chats: (input: ChatFilter = {}) =>
      archive.readEach<Chat>(
        () => online.chats(input),
        (chats, _, rows) => rows.keep("chats", chats),
        (device) => localChats(device, { ...input, limit: Infinity }).chats,
      ),
    updateChat,
    archiveChat: (input) => updateChat({ ...input, is_archived: true }),
    unarchiveChat: (input) => updateChat({ ...input, is_archived: false }),
    async addMessage({ chat_id, signal, ...message }) {
      const [stored] = await addMessages({ chat_id, messages: [message], signal });
      return stored!;
    },
    addMessages,
    updateMessage: ({ signal, ...input }) =>
      archive.write("updateMessage", {
        input: given(input),
        ids: [input.id],
        signal,
        apply(rows) {
          const answer = rows.updateMessage(given(input));
          return { answer, changes: rows.keep("chat_messages", [answer]) };
        },
      }),
    messages: (input) =>
      archive.readEach<Message>(
        () => online.messages(input),
        (messages, whole, rows) => [
          ...rows.keep("chat_messages", messages),
          ...(whole && !input.after ? rows.keepWhole(input.chat_id, ["messages"]) : []),
        ],
        (device) => localMessages(device, input.chat_id, input.after),
      ),
    history: (input) =>
      archive.readEach<MessageWithItems>(
        () => online.history(input),
        (messages, whole, rows) => [
          ...rows.keep(
            "chat_messages",
            messages.map(({ images: _, search_results: __, ...message }) => message),
          ),
          ...rows.keep("chat_images", messages.flatMap(({ images }) => images)),
          ...rows.keep("search_results", messages.flatMap((message) => message.search_results)),
          ...(whole && !input.after ? rows.keepWhole(input.chat_id, ["messages", "items"]) : []),
        ],
        (device) => localHistory(device, input.chat_id, input.after),
      ),
    addSearchResults({ chat_id, search_results, signal }) {
      const written = new Date().toISOString();
      const list = identified(chat_id, search_results).map(({ chat_id: _, ...hit }) => ({
        ...hit,
        created_at: hit.created_at ?? written,
      }));
      const input = { chat_id, search_results: list };
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
    searchResults: (input) =>
      archive.readEach<SearchResult>(
        () => online.searchResults(input),
        (hits, whole, rows) => [
          ...rows.keep("search_results", hits),
          ...(whole ? rows.keepWhole(input.chat_id, ["search_results"]) : []),
        ],
        (device) => localHits(device, input.chat_id),
      ),
    uploadImages: (input) =>
      archive.through(
        () => online.uploadImages(input),
        (images, rows) => rows.keep("chat_images", images),
      ),
    uploadDocument: (input) =>
      archive.through(
        () => online.uploadDocument(input),
        ({ chat_id, path }, rows) => {
          const chat = rows.tables.chats.get(chat_id);
          if (!chat) return [];
          const changed: Chat = { ...chat, document_path: path };
          return rows.keep("chats", [changed]);
        },
      ),
    attachImages: ({ signal, ...input }) =>
      archive.write("attachImages", {
        input,
        ids: input.ids,
        signal,
        apply(rows) {
          const answer = rows.attachImages(input);
          return { answer, changes: rows.keep("chat_images", answer) };
        },
      }),
    images: (input) =>
      archive.readEach<Image>(
        () => online.images(input),
        (images, whole, rows) => [
          ...rows.keep("chat_images", images),
          ...(whole ? rows.keepWhole(input.chat_id, ["images"]) : []),
        ],
        (device) => localImages(device, input.chat_id),
      ),
    deleteImages: ({ signal, ...input }) =>
      archive.write("deleteImages", {
        input,
        ids: input.ids,
        signal,
        apply: (rows) => ({
          answer: rows.deleteImages(input),
          changes: rows.forget("chat_images", input.ids),
        }),
      }),
    downloadUrls: (input) => archive.through(() => online.downloadUrls(input)),
    download: (input) => archive.through(() => online.download(input)),
    exportChat: (input) => archive.through(() => online.exportChat(input)),
    importChat: (input) => archive.through(() => online.importChat(input)),
    deleteChat: ({ signal, ...input }) =>
      archive.write("deleteChat", {
        input,
        ids: [input.id],
        signal,
        apply: (rows) => ({ answer: rows.deleteChat(input), changes: rows.forgetChat(input.id) }),
      }),
    awaitDeletion: (input) => archive.through(() => online.awaitDeletion(input)),
    async deleteAccount(input) {
      const { user_id } = await archive.device();
      const deleted = await archive.through(() => online.deleteAccount(input));
      await archive.forget(user_id);
      return deleted;
    },
    checkConnection: (input) => online.checkConnection(input),
    pending: async () => [...(await archive.device()).journal],
    sync: () => archive.sync(),
    conflicts: async () => [...(await archive.device()).conflicts],
    dismissConflict: async ({ key }) => (await archive.device()).dismiss(key),
    close: () => archive.close(),
    [Symbol.asyncDispose]: () => archive.close(),
  };
}
