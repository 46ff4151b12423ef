/**
 * The rows of the schema, and the client that knows it. Everything else that is typed by a row is
 * made from these; columns come from `database.types.ts`, which the Supabase CLI generates.
 *
 * @module
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "./database.types.ts";

/** A client of supabase-js that knows the schema. */
export type ArchiveClient = SupabaseClient<Database>;

/** Tables of the schema: their rows, and what an insert or an update takes. */
export type Tables = Database["public"]["Tables"];

/** One box on a page: left, top, right, bottom. */
export type Box = [x0: number, y0: number, x1: number, y1: number];

/** Who wrote a message. */
export type Role = "user" | "assistant";

/** Row of chats. */
export type Chat = Tables["chats"]["Row"];
/** Row of chat_messages. */
export type Message = Omit<Tables["chat_messages"]["Row"], "role"> & { role: Role };
/** Row of chat_documents. */
export type ChatDocument = Tables["chat_documents"]["Row"];
/** Row of chat_images. */
export type Image = Tables["chat_images"]["Row"];
/** Row of search_results. Coordinates: one box or several. */
export type SearchResult =
  & Omit<Tables["search_results"]["Row"], "coords_norm" | "coords_px">
  & { coords_norm: Box | Box[] | null; coords_px: Box | Box[] | null };
/** Row of uploads: a reservation. */
export type Upload = Tables["uploads"]["Row"];
/** Row of storage_deletions: an entry of the outbox. */
export type StorageDeletion = Tables["storage_deletions"]["Row"];
