import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { ChatFilter, ChatPage, ListChats } from "../list_chats.ts";
import type { Chat, Image, Message, MessageWithItems, SearchResult } from "../rows.ts";
import type { Device } from "./device.ts";
import type { OfflineArchive } from "./offline_archive.ts";

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
  const byMessage = ({ message_id }: { message_id: string | null }) => message_id;
  const images = Map.groupBy(device.flagged(device.rows.of("chat_images", chat_id)), byMessage);
  const searchResults = Map.groupBy(
    device.flagged(device.rows.of("search_results", chat_id)),
    byMessage,
  );
  return localMessages(device, chat_id, after).map((message) => ({
    ...message,
    images: images.get(message.id) ?? [],
    search_results: searchResults.get(message.id) ?? [],
  }));
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
  "getChat" | "listChats" | "chats" | "messages" | "history" | "searchResults" | "images"
> {
  return {
    getChat: (input) =>
      archive.read(
        () => online.getChat(input),
        (chat, rows) => rows.keep("chats", [chat]),
        (device) => device.flagged([device.rows.chat(input.id)])[0]!,
      ),
    listChats: (input = {}) =>
      archive.read(
        () => online.listChats(input),
        ({ chats }, rows) => rows.keep("chats", chats),
        (device) => localChats(device, input),
      ),
    chats: (input: ChatFilter = {}) =>
      archive.readEach<Chat>(
        () => online.chats(input),
        (chats, _, rows) => rows.keep("chats", chats),
        (device) => localChats(device, { ...input, limit: Infinity }).chats,
      ),
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
    searchResults: (input) =>
      archive.readEach<SearchResult>(
        () => online.searchResults(input),
        (found, whole, rows) => [
          ...rows.keep("search_results", found),
          ...(whole ? rows.keepWhole(input.chat_id, ["search_results"]) : []),
        ],
        (device) => localSearchResults(device, input.chat_id),
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
