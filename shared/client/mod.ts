/**
 * The client library: a thin typed layer over supabase-js for browsers, Deno and Node. Start with
 * {@link createChatArchive}; where size counts, {@link connect} and import single verbs.
 *
 * @module
 */
export {
  ChatArchiveError,
  type ErrorCode,
  type ErrorDetails,
  type ExceededQuota,
  type Issue,
} from "../errors.ts";
export { type AddMessage, addMessage } from "./add_message.ts";
export { type AddMessages, addMessages, type NewMessage } from "./add_messages.ts";
export {
  type AddSearchResults,
  addSearchResults,
  type NewSearchResult,
} from "./add_search_results.ts";
export { archiveChat, unarchiveChat } from "./archive_chat.ts";
export type { ArchiveVerbs } from "./archive_verbs.ts";
export type { AttachImages } from "./attach_images.ts";
export type { Boxes } from "./boxes.ts";
export { type BoxesOfPage, boxesOn, type ImageOnPage } from "./boxes_on.ts";
export type { ChatArchive } from "./chat_archive.ts";
export type { Database } from "../database.types.ts";
export type { ArchiveClient } from "../rows.ts";
export type { AnyClient } from "./any_client.ts";
export {
  type CallOptions,
  connect,
  type Connection,
  type ConnectionOptions,
} from "./connection.ts";
export { createChat, type NewChat } from "./create_chat.ts";
export { type ChatArchiveOptions, createChatArchive } from "./create_chat_archive.ts";
export type { Deletion } from "./delete_chat.ts";
export type { DeleteImages } from "./delete_images.ts";
export type { DeleteMessages } from "./delete_messages.ts";
export { documents } from "./documents.ts";
export type { WhichFile } from "./download.ts";
export type { DownloadUrl, DownloadUrls, WhichFiles } from "./download_urls.ts";
export type {
  ExportAll,
  ExportChat,
  ExportedFile,
  ExportedImages,
  ExportOne,
} from "./export_chat.ts";
export type {
  FoundText,
  SearchKind,
  SearchPage,
  SearchPageQuery,
  SearchQuery,
} from "./found_text.ts";
export { getChat } from "./get_chat.ts";
export { history } from "./history.ts";
export { images, type ReadItems, searchResults } from "./images.ts";
export type { ImportChat } from "./import_chat.ts";
export {
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
export type { ChatCursor, ChatFilter, ChatOrder, ChatPage, ListChats } from "./chat_window.ts";
export { chats, listChats } from "./list_chats.ts";
export type { LogEntry } from "./log_entry.ts";
export type { ReadMessages } from "./message_window.ts";
export { messages } from "./messages.ts";
export type { Content, NewFile } from "./new_file.ts";
export { indexedDbStore } from "./offline/indexed_db_store.ts";
export type {
  Adoption,
  Conflict,
  PendingWrite,
  ReplayedVerb,
  SyncResult,
} from "./offline/pending_write.ts";
export { memoryStore } from "./later_store.ts";
export type { OfflineStore, StoreTransaction } from "./offline/store.ts";
export type {
  Box,
  Chat,
  ChatDocument,
  ChatWithDocuments,
  Image,
  Message,
  MessageWithItems,
  Metadata,
  Role,
  SearchResult,
  Status,
  Unsaved,
} from "./rows.ts";
export type { SaveMessages } from "./savable.ts";
export { saveMessages } from "./save_messages.ts";
export type { FileStream } from "./stream_of.ts";
export { type ChatChanges, updateChat } from "./update_chat.ts";
export { type MessageChanges, updateMessage } from "./update_message.ts";
export type { NewDocument, UploadDocument } from "./upload_document.ts";
export type { UploadOptions, UploadProgress } from "./upload_progress.ts";
export type { NewImage, UploadImages } from "./upload_images.ts";
export type { Usage } from "./usage.ts";
