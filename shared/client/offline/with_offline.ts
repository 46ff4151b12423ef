import type { ArchiveVerbs } from "../archive_verbs.ts";
import { boxesOn } from "../boxes_on.ts";
import type { ChatArchive } from "../chat_archive.ts";
import type { Connection } from "../connection.ts";
import { searchPages } from "../search.ts";
import { localSearchPage } from "./local_search.ts";
import { OfflineArchive, type OfflineOptions } from "./offline_archive.ts";
import { reads } from "./reads.ts";
import { writes } from "./writes.ts";

/** The methods that only the server can do. What they bring is kept. */
function serverOnly(
  archive: OfflineArchive,
  online: ArchiveVerbs,
): Omit<
  ArchiveVerbs,
  | keyof ReturnType<typeof reads>
  | keyof ReturnType<typeof writes>
  | keyof ReturnType<typeof searches>
> {
  return {
    uploadImages: (input) =>
      archive.through(
        () => online.uploadImages(input),
        (images, rows) => rows.keep("chat_images", images),
      ),
    uploadDocument: (input) =>
      archive.through(
        () => online.uploadDocument(input),
        (document, rows) => [
          ...rows.keep("chat_documents", [document]),
          ...rows.keepDocumentPath(document.chat_id),
        ],
      ),
    downloadUrls: (input) => archive.through(() => online.downloadUrls(input)),
    download: (input) => archive.through(() => online.download(input)),
    exportChat: (input) => archive.through(() => online.exportChat(input)),
    importChat: (input) => archive.through(() => online.importChat(input)),
    awaitDeletion: (input) => archive.through(() => online.awaitDeletion(input)),
    async deleteAccount(input) {
      const { user_id } = await archive.device();
      const deleted = await archive.through(() => online.deleteAccount(input));
      await archive.forget(user_id);
      return deleted;
    },
    usage: (input) => archive.through(() => online.usage(input)),
    checkConnection: (input) => online.checkConnection(input),
  };
}

/** Search: over what this device has, where the server can't be asked. Nothing of it is kept. */
function searches(
  archive: OfflineArchive,
  online: ArchiveVerbs,
): Pick<ArchiveVerbs, "search" | "searchPage"> {
  const searchPage: ArchiveVerbs["searchPage"] = (input) =>
    archive.read(
      () => online.searchPage(input),
      () => [],
      ({ rows: { tables } }) =>
        localSearchPage({
          chats: tables.chats.values(),
          chat_messages: tables.chat_messages.values(),
          chat_documents: tables.chat_documents.values(),
          chat_images: tables.chat_images.values(),
          search_results: tables.search_results.values(),
        }, input),
    );
  return { searchPage, search: (input) => searchPages(input, searchPage) };
}

/** An archive that goes on working on this device while the server can't be reached. */
export function withOffline(
  online: ArchiveVerbs,
  connection: Connection,
  options: OfflineOptions,
): ChatArchive {
  const archive = new OfflineArchive(online, connection, options);
  return {
    ...reads(archive, online),
    ...writes(archive),
    ...searches(archive, online),
    ...serverOnly(archive, online),
    boxesOn,
    pending: async () => [...(await archive.device()).journal],
    sync: () => archive.sync(),
    conflicts: async () => [...(await archive.device()).conflicts],
    dismissConflict: async ({ key }) => (await archive.device()).dismiss(key),
    close: () => archive.close(),
    [Symbol.asyncDispose]: () => archive.close(),
  };
}
