/**
 * Exports of what a device has, as the server would write them. Files are named only: their bytes are
 * not here, or not yet there.
 *
 * @module
 */
import { ChatArchiveError } from "../../errors.ts";
import { EXPORT_VERSION } from "../../export_version.ts";
import { referenceTo, replaceReferences } from "../../file_references.ts";
import {
  BETWEEN_SEARCH_RESULTS,
  LOOSE_HEADING,
  type Origin,
  renderHeader,
  renderImage,
  renderMessage,
  renderSearchResult,
  SOURCES_HEADING,
} from "../../markdown/render.ts";
import type { Chat as StoredChat, Image as StoredImage, SearchResult as Hit } from "../../rows.ts";
import type { ExportChat, ExportedFile } from "../export_chat.ts";
import type { Chat, ChatDocument, Image, Message, SearchResult } from "../rows.ts";

/** All of a chat. */
export interface WholeChat {
  chat: Chat;
  documents: ChatDocument[];
  messages: Message[];
  images: Image[];
  search_results: SearchResult[];
}

const LEFT_OUT = "the backend can't be reached";

function markdown({ chat, documents, messages, images, search_results }: WholeChat): string {
  const names = new Map(documents.length > 1 ? documents.map(({ id, name }) => [id, name]) : []);
  const originOf = ({ document_id, page_number }: Image | SearchResult): Origin => ({
    documentName: names.get(document_id ?? ""),
    pageNumber: page_number ?? undefined,
  });
  const itemsOf = (message_id: string | null): string => {
    const ofMessage = (row: Image | SearchResult) => row.message_id === message_id;
    const shown = images.filter(ofMessage).map((image) =>
      renderImage(image as StoredImage, undefined, originOf(image))
    );
    const found = search_results.filter(ofMessage).map((result) =>
      renderSearchResult(result as Hit, originOf(result))
    );
    return shown.join("") + (found.length > 0 ? SOURCES_HEADING : "") +
      found.join(BETWEEN_SEARCH_RESULTS);
  };
  const header = renderHeader(chat as StoredChat, {
    exportedAt: new Date(),
    documents: documents.map(({ name }) => ({ name })),
    ...(documents.length + images.length > 0 ? { imagesLeftOut: LEFT_OUT } : {}),
  });
  const loose = itemsOf(null);
  return header + messages.map((message) => renderMessage(message) + itemsOf(message.id)).join("") +
    (loose && LOOSE_HEADING + loose);
}

function json({ chat, documents, messages, images, search_results }: WholeChat): string {
  const there = {
    image: new Set(images.map(({ id }) => id)),
    document: new Set(documents.map(({ id }) => id)),
  };
  // A reader would take a name without its file for a damaged export.
  const named = messages.map((message) => ({
    ...message,
    parts: replaceReferences(
      message.parts,
      (kind, id) => there[kind].has(id) ? referenceTo(kind, id) : `chat-archive:missing/${id}`,
    ),
  }));
  const head = {
    format: "chat-archive",
    version: EXPORT_VERSION,
    exported_at: new Date().toISOString(),
    chat,
  };
  const list = (rows: unknown[]) =>
    rows.length > 0 ? `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]` : "[]";
  return `${JSON.stringify(head).slice(0, -1)},\n"documents":${list(documents)},\n"messages":${
    list(named)
  },\n"images":${list(images)},\n"search_results":${list(search_results)}\n}\n`;
}

/**
 * Exports a chat of this device as Markdown or JSON.
 *
 * @throws {ChatArchiveError} `database_unavailable` for a zip, which needs the server
 */
export async function localExport(
  input: ExportChat,
  read: (chat_id: string) => Promise<WholeChat>,
): Promise<ExportedFile> {
  const format = "all" in input ? "zip" : input.format ?? "markdown";
  if ("all" in input || format === "zip") {
    throw new ChatArchiveError("database_unavailable", `${LEFT_OUT}, and a zip needs it`);
  }
  const whole = await read(input.chat_id);
  const [type, extension, text] = format === "json"
    ? ["application/json", "json", json(whole)]
    : ["text/markdown; charset=utf-8", "md", markdown(whole)];
  return {
    name: `${whole.chat.title}.${extension}`,
    content_type: type,
    body: new Blob([text]).stream() as ExportedFile["body"],
  };
}
