import { z } from "zod";
import { Id, JsonObject, PageBox, Time } from "./values.ts";

/** Row of chat_images, as the API gives it. */
export const ChatImage = z.object({
  id: Id,
  chat_id: Id,
  user_id: Id,
  message_id: Id.nullable(),
  /** The document that it shows. */
  document_id: Id.nullable(),
  /** The page that it shows, from 1. */
  page_number: z.int().nullable(),
  /** The part of the page that it shows; null: all of it. */
  coords_norm: PageBox.nullable(),
  seq: z.int(),
  image_name: z.string(),
  s3_path: z.string(),
  s3_url: z.string().nullable(),
  image_type: z.string(),
  content_type: z.string(),
  description: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  file_size: z.int(),
  sha256: z.string().nullable(),
  uploaded_at: Time,
  /** Of description and coordinates; pages are bounded by it. */
  bytes: z.int(),
});
/** Row of chat_images. */
export type ChatImage = z.infer<typeof ChatImage>;

/** Row of chat_documents, as the API gives it. */
export const ChatDocument = z.object({
  id: Id,
  chat_id: Id,
  user_id: Id,
  seq: z.int(),
  name: z.string(),
  s3_path: z.string(),
  content_type: z.string(),
  file_size: z.int(),
  sha256: z.string().nullable(),
  page_count: z.int().nullable(),
  metadata: JsonObject,
  uploaded_at: Time,
});
/** Row of chat_documents. */
export type ChatDocument = z.infer<typeof ChatDocument>;
