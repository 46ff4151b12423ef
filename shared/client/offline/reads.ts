import { storable } from "../../storable.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { ChatPage, ListChats } from "../chat_window.ts";
import type { SearchPageQuery } from "../found_text.ts";
import type { Chat, Message, MessageWithItems } from "../rows.ts";
import { searchPages } from "../search.ts";
import type { Device } from "./device.ts";
import { dropChats, dropMessages, dropMissing, type Note } from "./freshness.ts";
import { listed, localPage, missingOn } from "./local_chats.ts";
import { isAll, localHistory, localMessages } from "./local_messages.ts";
import type { LocalRows, LocalTables, Part } from "./local_rows.ts";
import { localSearchPage, type SearchedRows } from "./local_search.ts";
import type { Call, OfflineArchive } from "./offline_archive.ts";
import { keepDocumentPath } from "./removals.ts";

/** Rows that are stored together while a long answer comes. */
const KEPT_AT_ONCE = 500;

/** Reads from the server, or else here. */
async function read<T>(
  archive: OfflineArchive,
  concerned: string[],
  online: (call: Call) => Promise<T>,
  local: (device: Device, rows: LocalRows) => Promise<T>,
): Promise<T> {
  const call = await archive.begin(concerned);
  if (call.online) {
    try {
      return await online(call);
    } catch (error) {
      if (!archive.isOffline(error)) throw error;
    }
  }
  return await call.device.look((rows) => local(call.device, rows));
}

/** What is done with rows that come one by one. */
interface Each<T> {
  chat_id?: string;
  online(call: Call): AsyncIterable<T>;
  /** Takes some of them. */
  keep(rows: LocalRows, some: T[]): Promise<unknown>;
  /** Asks what else has to be asked when all has come. @returns takes note of it */
  done(all: T[], call: Call): Promise<Note> | Note;
  local(device: Device, rows: LocalRows): Promise<T[]>;
}

/** The same for rows that come one by one. Once the server has begun, it has to end it too. */
async function* readEach<T>(
  archive: OfflineArchive,
  { chat_id, online, keep, done, local }: Each<T>,
): AsyncGenerator<T, void, undefined> {
  const call = await archive.begin(chat_id ? [chat_id.toLowerCase()] : []);
  if (call.online) {
    const all: T[] = [];
    let kept = 0;
    try {
      for await (const row of online(call)) {
        all.push(row);
        if (all.length - kept === KEPT_AT_ONCE) {
          const some = all.slice(kept);
          kept = all.length;
          await archive.remember(call, (rows) => keep(rows, some));
        }
        yield row;
      }
      const note = await done(all, call);
      await archive.remember(call, async (rows) => {
        await keep(rows, all.slice(kept));
        await note(rows);
      });
      return;
    } catch (error) {
      if (!archive.isOffline(error) || all.length > 0) throw error;
    }
  }
  yield* await call.device.look((rows) => local(call.device, rows));
}

/** All rows of one table that are a chat's. */
function ofChat<T extends "chat_documents" | "chat_images" | "search_results">(
  archive: OfflineArchive,
  table: T,
  part: Part,
  verb: (verbs: ArchiveVerbs) => (input: { chat_id: string }) => AsyncIterable<LocalTables[T]>,
) {
  return (input: { chat_id: string }) =>
    readEach<LocalTables[T]>(archive, {
      chat_id: input.chat_id,
      online: ({ server }) => verb(server.verbs)(input),
      keep: (rows, some) => rows.take(table, some),
      done: (all) => async (rows) => {
        await dropMissing(rows, table, input.chat_id, all);
        if (table === "chat_documents") await keepDocumentPath(rows, input.chat_id);
        await rows.whole(input.chat_id, [part]);
      },
      async local(device, rows) {
        await rows.assertWhole(input.chat_id, [part]);
        const found = await rows.of(table, input.chat_id);
        return await device.flagged(rows, found) as LocalTables[T][];
      },
    });
}

/** What a search looks through here: one chat, or all. */
async function searchable(rows: LocalRows, { chat_id }: SearchPageQuery): Promise<SearchedRows> {
  const chats = (await rows.chats()).filter(({ id }) => !chat_id || id === chat_id.toLowerCase());
  const found = await Promise.all(chats.map(async ({ id }) => ({
    chat_messages: await rows.of("chat_messages", id),
    chat_documents: await rows.of("chat_documents", id),
    chat_images: await rows.of("chat_images", id),
    search_results: await rows.of("search_results", id),
  })));
  return {
    chats,
    chat_messages: found.flatMap((one) => one.chat_messages),
    chat_documents: found.flatMap((one) => one.chat_documents),
    chat_images: found.flatMap((one) => one.chat_images),
    search_results: found.flatMap((one) => one.search_results),
  };
}

/** The methods that read rows: the server answers, or else this device with what it knows. */
export function reads(archive: OfflineArchive): Pick<
  ArchiveVerbs,
  | "getChat"
  | "listChats"
  | "chats"
  | "messages"
  | "history"
  | "searchResults"
  | "documents"
  | "images"
  | "search"
  | "searchPage"
> {
  const searchPage: ArchiveVerbs["searchPage"] = (input) =>
    read(
      archive,
      [],
      ({ server }) => server.verbs.searchPage(input),
      async (_, rows) => localSearchPage(await searchable(rows, input), input),
    );
  return {
    searchPage,
    search: (input) => searchPages(input, searchPage),
    getChat: (input) =>
      read(
        archive,
        [input.id.toLowerCase()],
        async (call) => {
          const answer = await call.server.verbs.getChat(input).catch(async (error) => {
            if (error?.code === "not_found") {
              await archive.remember(call, async (rows) => {
                const chat = await rows.get("chats", input.id);
                if (chat) await rows.drop("chats", [chat]);
              });
            }
            throw error;
          });
          const { documents, ...chat } = answer;
          await archive.remember(call, async (rows) => {
            await rows.take("chats", [chat]);
            await rows.take("chat_documents", documents);
            await dropMissing(rows, "chat_documents", chat.id, documents);
            await rows.whole(chat.id, ["documents"]);
          });
          return answer;
        },
        async (device, rows) => {
          const chat = await rows.known("chats", input.id, "chat");
          return {
            ...(await device.flagged(rows, [chat]))[0]!,
            documents: await device.flagged(rows, await rows.of("chat_documents", input.id)),
          };
        },
      ),
    listChats: (input: ListChats = {}) =>
      read<ChatPage>(
        archive,
        [],
        async (call) => {
          const page = await call.server.verbs.listChats(input);
          const known = await call.device.look((rows) => rows.chats());
          const drop = await dropChats(call.server, missingOn(page, known, input));
          await archive.remember(call, async (rows) => {
            await rows.take("chats", page.chats);
            await drop(rows);
          });
          return page;
        },
        async (device, rows) =>
          localPage(await device.flagged(rows, await rows.chats()), storable(input)),
      ),
    chats: (input = {}) =>
      readEach<Chat>(archive, {
        online: ({ server }) => server.verbs.chats(input),
        keep: (rows, some) => rows.take("chats", some),
        async done(all, call) {
          const known = await call.device.look((rows) => rows.chats());
          return await dropChats(call.server, missingOn({ chats: all }, known, input));
        },
        local: async (device, rows) =>
          listed(await device.flagged(rows, await rows.chats()), storable(input)),
      }),
    messages: (input) =>
      readEach<Message>(archive, {
        chat_id: input.chat_id,
        online: ({ server }) => server.verbs.messages(input),
        keep: (rows, some) => rows.take("chat_messages", some),
        done: (all) => async (rows) => {
          await dropMessages(rows, input, all);
          if (isAll(input, all.length)) await rows.whole(input.chat_id, ["messages"]);
        },
        local: (device, rows) => localMessages(device, rows, input),
      }),
    history: (input) =>
      readEach<MessageWithItems>(archive, {
        chat_id: input.chat_id,
        online: ({ server }) => server.verbs.history(input),
        async keep(rows, some) {
          await rows.take(
            "chat_messages",
            some.map(({ images: _, search_results: __, ...message }) => message),
          );
          await rows.take("chat_images", some.flatMap(({ images }) => images));
          await rows.take("search_results", some.flatMap((message) => message.search_results));
        },
        done: (all) => async (rows) => {
          const { chat_id } = input;
          await dropMessages(rows, input, all);
          const shown = new Set<string | null>(all.map(({ id }) => id));
          const ofShown = ({ message_id }: { message_id: string | null }) => shown.has(message_id);
          const images = all.flatMap(({ images }) => images);
          await dropMissing(rows, "chat_images", chat_id, images, ofShown);
          const results = all.flatMap((message) => message.search_results);
          await dropMissing(rows, "search_results", chat_id, results, ofShown);
          if (isAll(input, all.length)) await rows.whole(chat_id, ["messages", "items"]);
        },
        local: (device, rows) => localHistory(device, rows, input),
      }),
    searchResults: ofChat(archive, "search_results", "search_results", (v) => v.searchResults),
    documents: ofChat(archive, "chat_documents", "documents", (v) => v.documents),
    images: ofChat(archive, "chat_images", "images", (v) => v.images),
  };
}
