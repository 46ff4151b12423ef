import { addMessage } from "./add_message.ts";
import { addMessages } from "./add_messages.ts";
import { addSearchResults } from "./add_search_results.ts";
import { archiveChat, unarchiveChat } from "./archive_chat.ts";
import type { ArchiveVerbs } from "./archive_verbs.ts";
import type { Connection } from "./connection.ts";
import { createChat } from "./create_chat.ts";
import { documents } from "./documents.ts";
import { getChat } from "./get_chat.ts";
import { history } from "./history.ts";
import { images, searchResults } from "./images.ts";
import {
  attachImages,
  awaitDeletion,
  checkConnection,
  deleteAccount,
  deleteChat,
  deleteDocument,
  deleteImages,
  deleteMessages,
  download,
  downloadUrls,
  exportChat,
  importChat,
  search,
  searchPage,
  uploadDocument,
  uploadImages,
  usage,
} from "./later.ts";
import { chats, listChats } from "./list_chats.ts";
import { messages } from "./messages.ts";
import { saveMessages } from "./save_messages.ts";
import { updateChat } from "./update_chat.ts";
import { updateMessage } from "./update_message.ts";

/** Each method as the function that takes a connection. */
type VerbFunctions = {
  [Verb in keyof ArchiveVerbs]: (
    connection: Connection,
    ...input: Parameters<ArchiveVerbs[Verb]>
  ) => ReturnType<ArchiveVerbs[Verb]>;
};

const VERBS: VerbFunctions = {
  createChat,
  getChat,
  listChats,
  chats,
  updateChat,
  archiveChat,
  unarchiveChat,
  addMessage,
  addMessages,
  updateMessage,
  saveMessages,
  deleteMessages,
  messages,
  history,
  addSearchResults,
  searchResults,
  search,
  searchPage,
  uploadImages,
  uploadDocument,
  documents,
  deleteDocument,
  attachImages,
  images,
  deleteImages,
  downloadUrls,
  download,
  exportChat,
  importChat,
  deleteChat,
  awaitDeletion,
  deleteAccount,
  usage,
  checkConnection,
};

/** Binds the verbs to a connection. */
export function bindVerbs(connection: Connection): ArchiveVerbs {
  const bound = Object.entries(VERBS).map(([name, verb]) => [
    name,
    (input: unknown) =>
      (verb as (connection: Connection, input: unknown) => unknown)(
        { ...connection, called: input ??= {} },
        input,
      ),
  ]);
  return Object.fromEntries(bound);
}
