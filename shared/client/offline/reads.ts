import type { Json } from "../../database.types.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import {
  type ChatFilter,
  type ChatPage,
  chatPage,
  chatWindow,
  type ListChats,
} from "../chat_window.ts";
import { assertWindow, type ReadMessages } from "../message_window.ts";
import type {
  Chat,
  ChatDocument,
  Image,
  Message,
  MessageWithItems,
  SearchResult,
} from "../rows.ts";
import type { Device } from "./device.ts";
import type { OfflineArchive } from "./offline_archive.ts";

/** The chats of this device that a list is asked for, in its order. */
function localChats(
  device: Device,
  { order = "created_at", is_archived, metadata = {}, external_id }: ChatFilter,
): Chat[] {
  return device.flagged([...device.rows.tables.chats.values()])
    .filter((chat) =>
      (is_archived === undefined || chat.is_archived === is_archived) &&
      (external_id === undefined || chat.external_id === external_id) &&
      contains(chat.metadata, metadata)
    )
    .toSorted((a, b) => newestFirst(a[order], a.id, b[order], b.id));
}

function newestFirst(timeA: string, idA: string, timeB: string, idB: string): number {
  return Date.parse(timeB) - Date.parse(timeA) || Number(idA < idB) - Number(idA > idB);
}

/** Whether JSON holds all of another one, as PostgreSQL's `@>` has it. */
function contains(whole: Json, part: Json): boolean {
  if (typeof part !== "object" || part === null) return whole === part;
  if (typeof whole !== "object" || whole === null) return false;
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((one) => whole.some((other) => contains(other, one)));
  }
  return !Array.isArray(whole) &&
    Object.entries(part).every(([key, value]) =>
      Object.hasOwn(whole, key) && contains(whole[key]!, value!)
    );
}

/** A page of them, as `listChats` gives it. */
function localPage(device: Device, input: ListChats): ChatPage {
  const { limit, order, after } = chatWindow(input);
  const found = localChats(device, input).filter((chat) =>
    !after || newestFirst(after.time, after.id, chat[order], chat.id) < 0
  );
  return { ...chatPage(found.slice(0, limit), order, found.length > limit), local: true };
}

/** The window of a chat's messages that is asked for. */
function localMessages(
  device: Device,
  { chat_id, order, limit = Infinity, after = 0, before = Infinity, ...rest }: ReadMessages,
): Message[] {
  assertWindow({ chat_id, order, limit, ...rest });
  device.rows.assertWhole(chat_id, ["messages"]);
  const rows = device.flagged(device.rows.of("chat_messages", chat_id))
    .filter(({ seq }) => seq > after && seq < before);
  return (order === "desc" ? rows.reverse() : rows).slice(0, limit);
}

function localHistory(device: Device, window: ReadMessages): MessageWithItems[] {
  const { chat_id } = window;
  device.rows.assertWhole(chat_id, ["items"]);
  const byMessage = ({ message_id }: { message_id: string | null }) => message_id;
  const images = Map.groupBy(device.flagged(device.rows.of("chat_images", chat_id)), byMessage);
  const searchResults = Map.groupBy(
    device.flagged(device.rows.of("search_results", chat_id)),
    byMessage,
  );
  return localMessages(device, window).map((message) => ({
    ...message,
    images: images.get(message.id) ?? [],
    search_results: searchResults.get(message.id) ?? [],
  }));
}

/** Whether a window is all of the chat. */
function isAll({ limit, after, before }: ReadMessages): boolean {
  return limit === undefined && !after && before === undefined;
}

function localDocuments(device: Device, chat_id: string): ChatDocument[] {
  device.rows.assertWhole(chat_id, ["documents"]);
  return device.flagged(device.rows.of("chat_documents", chat_id));
}

function localImages(device: Device, chat_id: string): Image[] {
  device.rows.assertWhole(chat_id, ["images"]);
  return device.flagged(device.rows.of("chat_images", chat_id));
}

function localSearchResults(device: Device, chat_id: string): SearchResult[] {
  device.rows.assertWhole(chat_id, ["search_results"]);
  return device.flagged(device.rows.of("search_results", chat_id));
}

/** The methods that read rows: the server answers, or else this device with what it knows. */
export function reads(
  archive: OfflineArchive,
  online: ArchiveVerbs,
): Pick<
  ArchiveVerbs,
  | "getChat"
  | "listChats"
  | "chats"
  | "messages"
  | "history"
  | "searchResults"
  | "documents"
  | "images"
> {
  return {
    getChat: (input) =>
      archive.read(
        () => online.getChat(input),
        ({ documents, ...chat }, rows) => [
          ...rows.keep("chats", [chat]),
          ...rows.keep("chat_documents", documents),
          ...rows.keepWhole(chat.id, ["documents"]),
        ],
        (device) => ({
          ...device.flagged([device.rows.chat(input.id)])[0]!,
          documents: device.flagged(device.rows.of("chat_documents", input.id)),
        }),
      ),
    listChats: (input = {}) =>
      archive.read(
        () => online.listChats(input),
        ({ chats }, rows) => rows.keep("chats", chats),
        (device) => localPage(device, input),
      ),
    chats: (input: ChatFilter = {}) =>
      archive.readEach<Chat>(
        () => online.chats(input),
        (chats, _, rows) => rows.keep("chats", chats),
        (device) => localChats(device, input),
      ),
    messages: (input) =>
      archive.readEach<Message>(
        () => online.messages(input),
        (messages, whole, rows) => [
          ...rows.keep("chat_messages", messages),
          ...(whole && isAll(input) ? rows.keepWhole(input.chat_id, ["messages"]) : []),
        ],
        (device) => localMessages(device, input),
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
          ...(whole && isAll(input) ? rows.keepWhole(input.chat_id, ["messages", "items"]) : []),
        ],
        (device) => localHistory(device, input),
      ),
    searchResults: (input) =>
      archive.readEach<SearchResult>(
        () => online.searchResults(input),
        (found, whole, rows) => [
          ...rows.keep("search_results", found),
          ...(whole ? rows.keepWhole(input.chat_id, ["search_results"]) : []),
        ],
        (device) => localSearchResults(device, input.chat_id),
      ),
    documents: (input) =>
      archive.readEach<ChatDocument>(
        () => online.documents(input),
        (documents, whole, rows) => [
          ...rows.keep("chat_documents", documents),
          ...(whole ? rows.keepWhole(input.chat_id, ["documents"]) : []),
        ],
        (device) => localDocuments(device, input.chat_id),
      ),
    images: (input) =>
      archive.readEach<Image>(
        () => online.images(input),
        (images, whole, rows) => [
          ...rows.keep("chat_images", images),
          ...(whole ? rows.keepWhole(input.chat_id, ["images"]) : []),
        ],
        (device) => localImages(device, input.chat_id),
      ),
  };
}
