import { z } from "zod";
import { Id } from "./values.ts";

/** What import-chat reads: the JSON of an export, or its zip. */
export const IMPORT_TYPES = ["application/json", "application/zip"] as const;

/** What import-chat takes at most. Beyond it: `payload_too_large`. */
export const IMPORT_LIMITS = {
  /** Bytes of the request. */
  body: 512 * 1024 * 1024,
  /** Bytes of the JSON, unpacked. */
  json: 128 * 1024 * 1024,
  /** Bytes of one row in it: a message of 1 MiB may take six times as much when it is escaped. */
  row: 8 * 1024 * 1024,
  /** Bytes of one image or document; MAX_FILE_SIZE_MB may say less. */
  file: 64 * 1024 * 1024,
  /** Images with bytes. */
  images: 1000,
  /** Entries of a zip, those that are not read included. */
  entries: 5000,
} as const;

/** 201: the chat is there, whole. */
export const ImportChatResponse = z.object({
  /** New; so are all other ids. */
  chat_id: Id,
  /** How many rows were made. */
  messages: z.int(),
  images: z.int(),
  search_results: z.int(),
  /** Names of images whose bytes were not in the file: they are not in the chat. */
  missing_images: z.array(z.string()),
  /** Name of the document, where its bytes were not in the file. */
  missing_document: z.string().optional(),
});
/** 201 of import-chat. */
export type ImportChatResponse = z.infer<typeof ImportChatResponse>;
