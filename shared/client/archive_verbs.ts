import type { DeleteAccountResponse } from "../contracts/delete-account.ts";
import type { HealthResponse } from "../contracts/health.ts";
import type { ImportChatResponse } from "../contracts/import-chat.ts";
import type { AddMessage } from "./add_message.ts";
import type { AddMessages } from "./add_messages.ts";
import type { AddSearchResults } from "./add_search_results.ts";
import type { AttachImages } from "./attach_images.ts";
import type { CallOptions } from "./connection.ts";
import type { NewChat } from "./create_chat.ts";
import type { Deletion } from "./delete_chat.ts";
import type { DeleteImages } from "./delete_images.ts";
import type { DeleteMessages } from "./delete_messages.ts";
import type { WhichFile } from "./download.ts";
import type { DownloadUrls, WhichFiles } from "./download_urls.ts";
import type { ExportChat, ExportedFile } from "./export_chat.ts";
import type { FoundText, SearchPage, SearchPageQuery, SearchQuery } from "./found_text.ts";
import type { ReadItems } from "./images.ts";
import type { ImportChat } from "./import_chat.ts";
import type { ChatFilter, ChatPage, ListChats } from "./chat_window.ts";
import type { ReadMessages } from "./message_window.ts";
import type {
  Chat,
  ChatDocument,
  ChatWithDocuments,
  Image,
  Message,
  MessageWithItems,
  SearchResult,
  Unsaved,
} from "./rows.ts";
import type { SaveMessages } from "./savable.ts";
import type { FileStream } from "./stream_of.ts";
import type { ChatChanges } from "./update_chat.ts";
import type { MessageChanges } from "./update_message.ts";
import type { UploadDocument } from "./upload_document.ts";
import type { UploadImages } from "./upload_images.ts";
import type { Usage } from "./usage.ts";

/**
 * What can be done with the archive of the signed-in user. Every method takes one object with the
 * columns' names, and a `signal`; it resolves with rows or rejects with a {@link ChatArchiveError}.
 * Every write can be repeated with the same id.
 */
export interface ArchiveVerbs {
  /** Creates a chat. */
  createChat(input: NewChat & CallOptions): Promise<Chat>;
  /** Reads a chat with its documents; `not_found` where it is not the caller's. */
  getChat(input: { id: string } & CallOptions): Promise<ChatWithDocuments>;
  /**
   * One page of the chats, newest first, or last active first, and the cursor of the next.
   *
   * @example
   * ```ts
   * const which = { order: "updated_at", metadata: { project: "Apollo" }, limit: 20 } as const;
   * const first = await archive.listChats(which);
   * if (first.next) await archive.listChats({ ...which, after: first.next });
   * ```
   */
  listChats(input?: ListChats): Promise<ChatPage>;
  /** All chats, newest first, or last active first. */
  chats(input?: ChatFilter & CallOptions): AsyncGenerator<Chat, void, undefined>;
  /** Changes title, description, metadata or is_archived. */
  updateChat(input: ChatChanges & CallOptions): Promise<Chat>;
  /** Hides a chat in lists. It changes no right. */
  archiveChat(input: { id: string } & CallOptions): Promise<Chat>;
  /** Undoes archiveChat. */
  unarchiveChat(input: { id: string } & CallOptions): Promise<Chat>;
  /** Adds a message. */
  addMessage(input: AddMessage): Promise<Message>;
  /** Adds messages, in order, in as many requests as it takes. */
  addMessages(input: AddMessages): Promise<Message[]>;
  /**
   * Changes content, message_type, parts, metadata or status: an answer that is streamed grows.
   *
   * @example
   * ```ts
   * const status = "streaming";
   * const { id } = await archive.addMessage({ chat_id, role: "assistant", content: "", status });
   * let content = "";
   * for (const piece of ["About ", "3,700 kB."]) {
   *   content += piece;
   *   await archive.updateMessage({ id, content });
   * }
   * await archive.updateMessage({ id, status: "complete" });
   * ```
   */
  updateMessage(input: MessageChanges & CallOptions): Promise<Message>;
  /**
   * Saves a list of up to 1,000 messages in one transaction: changes those that are there, adds the
   * others, and deletes those of `replaces` that are not in it.
   *
   * @example
   * ```ts
   * const question = { id: crypto.randomUUID(), role: "user" as const, content: "How much?" };
   * const answer = { id: crypto.randomUUID(), role: "assistant" as const, content: "A lot." };
   * await archive.saveMessages({ chat_id, messages: [question, answer] });
   * // Regenerated: another answer takes the place of the first one.
   * const better = { ...answer, id: crypto.randomUUID(), content: "About 3,700 kB." };
   * const replaces = [question.id, answer.id];
   * const saved = await archive.saveMessages({ chat_id, messages: [question, better], replaces });
   * console.assert(saved[1]?.id === better.id);
   * ```
   */
  saveMessages(input: SaveMessages): Promise<Message[]>;
  /** Deletes messages, some or all after one. Resolves with the ids that are gone. */
  deleteMessages(input: DeleteMessages): Promise<string[]>;
  /** Messages in order, or the newest first, each exactly once whatever is added meanwhile. */
  messages(input: ReadMessages): AsyncGenerator<Message, void, undefined>;
  /**
   * Messages in order, or the newest first, each with its images and search results.
   *
   * @example The last twenty
   * ```ts
   * const last = archive.history({ chat_id, order: "desc", limit: 20 });
   * for await (const { content, images, search_results } of last) {
   *   console.log(content, images.length, search_results.map(({ page_number }) => page_number));
   * }
   * ```
   */
  history(input: ReadMessages): AsyncGenerator<MessageWithItems, void, undefined>;
  /** Adds search results, in order. */
  addSearchResults(input: AddSearchResults): Promise<SearchResult[]>;
  /** Search results: those of messages in order, then the others. */
  searchResults(input: ReadItems): AsyncGenerator<SearchResult, void, undefined>;
  /**
   * Everything that a search finds in titles, names of documents, messages, descriptions of images and
   * search results, in this order; of each kind the best match first.
   *
   * @example Show where it stands
   * ```ts
   * for await (const { kind, chat_title, snippet, matches } of archive.search({ query: "memor" })) {
   *   const words = matches.map(([start, end]) => snippet.slice(start, end));
   *   console.log(kind, chat_title, snippet, words);
   * }
   * ```
   */
  search(input: SearchQuery & CallOptions): AsyncGenerator<FoundText, void, undefined>;
  /** One page of it, and the cursor of the next. */
  searchPage(input: SearchPageQuery): Promise<SearchPage>;
  /**
   * Uploads images straight to the bucket.
   *
   * @example
   * ```ts
   * const id = crypto.randomUUID(); // with it, the call can be repeated
   * const [image] = await archive.uploadImages({
   *   chat_id,
   *   images: [{ id, name: "page-8.png", content: png, image_type: "viewport" }],
   *   onProgress: ({ files_done, files }) => console.log(`${files_done} of ${files}`),
   * });
   * console.assert(image?.id === id);
   * ```
   */
  uploadImages(input: UploadImages): Promise<Image[]>;
  /** Uploads a document to a chat, which may have several. */
  uploadDocument(input: UploadDocument): Promise<ChatDocument>;
  /** Documents in order of upload. */
  documents(input: ReadItems): AsyncGenerator<ChatDocument, void, undefined>;
  /** Deletes a document; its bytes follow within a minute. */
  deleteDocument(input: { id: string } & CallOptions): Promise<ChatDocument>;
  /** Attaches images to a message of their chat, or takes them off. */
  attachImages(input: AttachImages): Promise<Image[]>;
  /** Images in order of upload. */
  images(input: ReadItems): AsyncGenerator<Image, void, undefined>;
  /** Deletes images; their bytes follow within a minute. */
  deleteImages(input: DeleteImages): Promise<Image[]>;
  /** Signed URLs of images and documents. */
  downloadUrls(input: WhichFiles & CallOptions): Promise<DownloadUrls>;
  /**
   * Opens an image or a document.
   *
   * @example
   * ```ts
   * const document = { name: "manual.pdf", content: pdf };
   * const { id } = await archive.uploadDocument({ chat_id, document });
   * const { name, body } = await archive.download({ id });
   * console.assert(name === "manual.pdf");
   * const bytes = await new Response(body).bytes();
   * console.assert(bytes.length === pdf.size);
   * ```
   */
  download(input: WhichFile & CallOptions): Promise<FileStream>;
  /**
   * Exports one chat as Markdown, JSON or zip, or all in zips, as a stream.
   *
   * @example
   * ```ts
   * const { name, body } = await archive.exportChat({ chat_id, format: "markdown" });
   * console.log(name, await new Response(body).text());
   * ```
   */
  exportChat(input: ExportChat): Promise<ExportedFile>;
  /** Makes a chat of an export. */
  importChat(input: ImportChat): Promise<ImportChatResponse>;
  /**
   * Deletes a chat; its bytes go at once or soon after.
   *
   * @example
   * ```ts
   * const { id } = await archive.createChat({ title: "Not for long" });
   * const { status } = await archive.deleteChat({ id });
   * if (status === "pending") await archive.awaitDeletion({ id });
   * ```
   */
  deleteChat(input: { id: string } & CallOptions): Promise<Deletion & Unsaved>;
  /** Waits until all bytes of a deleted chat are gone. */
  awaitDeletion(input: { id: string } & CallOptions): Promise<Deletion>;
  /** Deletes the account with everything in it. */
  deleteAccount(input: { confirm: string } & CallOptions): Promise<DeleteAccountResponse>;
  /**
   * What the user holds and may hold.
   *
   * @example
   * ```ts
   * const { text_bytes, max_text_bytes } = await archive.usage();
   * console.log(`${Math.round(100 * text_bytes / max_text_bytes)} % of the text`);
   * ```
   */
  usage(input?: CallOptions): Promise<Usage>;
  /** How database, bucket and cleanup worker are. */
  checkConnection(input?: CallOptions): Promise<HealthResponse>;
}
