/** The rows that the library gives: those of the database, and whether the server has them. */
import type { Json } from "../database.types.ts";
import type * as rows from "../rows.ts";
import type { Box, Status } from "../rows.ts";

export type { Box, Role, Status } from "../rows.ts";

/** An application's own JSON object. */
export type Metadata = { [key: string]: Json };

/** What a row carries while it is kept on this device only. */
export interface Unsaved {
  /** Present and true until the row is saved on the server; see `options.offline`. */
  pending?: true;
}

/** A row whose columns have the types that the database holds them to. */
type Typed<Row, Columns> = Omit<Row, keyof Columns> & Columns & Unsaved;

/** Row of chats. */
export type Chat = Typed<rows.Chat, { metadata: Metadata }>;
/** Row of chat_messages. */
export type Message = Typed<
  rows.Message,
  { status: Status; parts: Json[] | null; metadata: Metadata }
>;
/** Row of chat_documents. */
export type ChatDocument = Typed<rows.ChatDocument, { metadata: Metadata }>;
/** Row of chat_images. `coords_norm` is the part of the page that it shows; null: all of it. */
export type Image = Typed<rows.Image, { coords_norm: Box | null }>;
/** Row of search_results. Coordinates are lists of boxes, in whatever form they were given. */
export type SearchResult = Typed<
  rows.SearchResult,
  { coords_norm: Box[] | null; coords_px: Box[] | null; metadata: Metadata }
>;

/** A chat with its documents, in order. */
export type ChatWithDocuments = Chat & { documents: ChatDocument[] };
/** A message with what belongs to it. */
export type MessageWithItems = Message & { images: Image[]; search_results: SearchResult[] };
