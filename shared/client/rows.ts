/** The rows that the library gives: those of the database, and whether the server has them. */
import type * as rows from "../rows.ts";

export type { Box, Role } from "../rows.ts";

/** What a row carries while it is kept on this device only. */
export interface Unsaved {
  /** Present and true until the row is saved on the server; see `options.offline`. */
  pending?: true;
}

/** Row of chats. */
export type Chat = rows.Chat & Unsaved;
/** Row of chat_messages. */
export type Message = rows.Message & Unsaved;
/** Row of chat_images. */
export type Image = rows.Image & Unsaved;
/** Row of search_results. Coordinates: one box or several. */
export type SearchResult = rows.SearchResult & Unsaved;

/** A message with what belongs to it. */
export type MessageWithItems = Message & { images: Image[]; search_results: SearchResult[] };
