import { ChatArchiveError } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import { notLoaded } from "../not_loaded.ts";
import type { FileStream } from "../stream_of.ts";
import { isEachVerb } from "../each_verbs.ts";
import { type LocalRows, PARTS } from "./local_rows.ts";
import type { WholeChat } from "./local_export.ts";
import type { OfflineArchive } from "./offline_archive.ts";
import { waitingFile } from "./replay.ts";

function needsServer(): ChatArchiveError {
  const message = "the backend can't be reached, and this needs it";
  return new ChatArchiveError("database_unavailable", message);
}

async function wholeChat(rows: LocalRows, chat_id: string): Promise<WholeChat> {
  const chat = await rows.known("chats", chat_id, "chat");
  await rows.assertWhole(chat_id, PARTS);
  return {
    chat,
    documents: await rows.of("chat_documents", chat_id),
    messages: await rows.of("chat_messages", chat_id),
    images: await rows.of("chat_images", chat_id),
    search_results: await rows.of("search_results", chat_id),
  };
}

/** What only the server can do, or what this device does of it where the server can't be asked. */
async function through<T>(
  archive: OfflineArchive,
  online: (verbs: ArchiveVerbs) => Promise<T>,
  local: () => Promise<T> = () => Promise.reject(needsServer()),
): Promise<T> {
  const call = await archive.begin();
  if (!call.online) return await local();
  try {
    return await online(call.server.verbs);
  } catch (error) {
    if (!archive.isOffline(error)) throw error;
    return await local().catch(() => Promise.reject(error));
  }
}

/** A file that waits here for its upload. */
async function waitingDownload(archive: OfflineArchive, id: string): Promise<FileStream> {
  const device = await archive.device();
  const row = await device.look(async (rows) =>
    await rows.get("chat_images", id) ?? await rows.get("chat_documents", id)
  );
  if (!row) throw needsServer();
  const blob = await waitingFile(device, id, row.content_type).catch(() => {
    throw needsServer();
  });
  const name = "name" in row ? row.name : row.image_name;
  return { name, content_type: row.content_type, body: blob.stream() as FileStream["body"] };
}

/** Every other method of an archive. Those that are not named here need the server. */
export function serverOnly(
  archive: OfflineArchive,
  verbs: ArchiveVerbs,
  others: object,
): Partial<ArchiveVerbs> {
  const rest = Object.keys(verbs).filter((name) => !(name in others)) as (keyof ArchiveVerbs)[];
  const plain = rest.map((name) => {
    type Method = (input: unknown) => never;
    if (isEachVerb(name)) {
      return [name, async function* (input: unknown) {
        const call = await archive.begin();
        if (!call.online) throw needsServer();
        yield* (call.server.verbs[name] as Method)(input) as AsyncIterable<unknown>;
      }];
    }
    return [
      name,
      (input: unknown) => through<unknown>(archive, (verbs) => (verbs[name] as Method)(input)),
    ];
  });
  const named: Partial<ArchiveVerbs> = {
    download: (input) =>
      through(
        archive,
        (verbs) => verbs.download(input),
        () => "id" in input ? waitingDownload(archive, input.id) : Promise.reject(needsServer()),
      ),
    exportChat: (input) =>
      through(
        archive,
        (verbs) => verbs.exportChat(input),
        async () => {
          const { localExport } = await import("./local_export.ts").catch(notLoaded);
          const device = await archive.device();
          return await localExport(input, (id) => device.look((rows) => wholeChat(rows, id)));
        },
      ),
    async deleteAccount(input) {
      const { user_id } = await archive.device();
      const deleted = await through(archive, (verbs) => verbs.deleteAccount(input));
      await archive.forget(user_id);
      return deleted;
    },
    checkConnection: (input) => verbs.checkConnection(input),
  };
  return { ...Object.fromEntries(plain), ...named };
}
