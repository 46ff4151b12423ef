/** The rows that the library gives, as the database has them. */
import type { Database } from "../database.types.ts";

type Tables = Database["public"]["Tables"];

/** What a row carries while it is kept on this device only. */
export interface Unsaved {
  /** Present and true until the row is saved on the server; see `options.offline`. */
  pending?: true;
}

/** One box on a page: left, top, right, bottom. */
export type Box = [x0: number, y0: number, x1: number, y1: number];

/** Who wrote a message. */
export type Role = "user" | "assistant";

/** Row of chats. */
export type Chat = Tables["chats"]["Row"] & Unsaved;
/** Row of chat_messages. */
export type Message = Omit<Tables["chat_messages"]["Row"], "role"> & { role: Role } & Unsaved;
/** Row of chat_images. */
export type Image = Tables["chat_images"]["Row"] & Unsaved;
/** Row of search_results. Coordinates: one box or several. */
export type SearchResult =
  & Omit<Tables["search_results"]["Row"], "coords_norm" | "coords_px">
  & { coords_norm: Box | Box[] | null; coords_px: Box | Box[] | null }
  & Unsaved;

/** A message with what belongs to it. */
export type MessageWithItems = Message & { images: Image[]; search_results: SearchResult[] };
