import { z } from "zod";
import { ChatExport } from "./chat-export.ts";
import type { Contract } from "./contract.ts";
import { Id } from "./values.ts";

const accepts = { "application/json": ChatExport, "application/zip": null };

/** Media types that import-chat reads: the JSON of an export, or its zip. */
export const IMPORT_TYPES = ["application/json", "application/zip"] as const satisfies readonly (
  keyof typeof accepts
)[];
/** Media type that import-chat reads. */
export type ImportType = (typeof IMPORT_TYPES)[number];

/** What import-chat takes at most. Beyond it: `payload_too_large`. */
export const IMPORT_LIMITS = {
  /** Bytes of the request. */
  body: 512 * 1024 * 1024,
  /** Bytes of all files of a zip, unpacked. */
  unpacked: 1024 * 1024 * 1024,
  /** Bytes of the JSON, unpacked. */
  json: 128 * 1024 * 1024,
  /**
   * A message in it: 1 MiB of text may take six times as much when it is escaped, and parts and metadata
   * have an element in two bytes at most; a key, which takes four more, counts as two.
   */
  message: { bytes: 8 * 1024 * 1024, elements: 600_000 },
  /** Any other row in it: its texts and its metadata have 64 KiB at most. */
  row: { bytes: 2 * 1024 * 1024, elements: 50_000 },
  /** Images and documents with bytes. Each has MAX_FILE_SIZE_MB at most. */
  files: 1000,
  /** Names in `missing`, and their characters. */
  names: 10_000,
  name_characters: 1024 * 1024,
  /** Files that parts of messages name, and documents, each without regard to bytes. */
  named_files: 50_000,
  /** Bytes of the metadata of all documents, which wait for the documents. */
  document_metadata: 16 * 1024 * 1024,
  /** Entries of a zip, those that are not read included. */
  entries: 5000,
} as const;

/** The query: nothing. The body is the file. */
export const ImportChatRequest = z.strictObject({});
/** The query: nothing. */
export type ImportChatRequest = z.infer<typeof ImportChatRequest>;

/** 201: the chat is there, whole. */
export const ImportChatResponse = z.object({
  /** New; so are all other ids. */
  chat_id: Id,
  /** How many rows were made. */
  messages: z.int(),
  images: z.int(),
  documents: z.int(),
  search_results: z.int(),
  /** Names of files whose bytes did not come, the first 10,000: they are not in the chat. */
  missing: z.array(z.string()),
});
/** 201 of import-chat. */
export type ImportChatResponse = z.infer<typeof ImportChatResponse>;

/** How import-chat is called. */
export const IMPORT_CHAT = {
  name: "import-chat",
  method: "POST",
  access: "user",
  isRateLimited: true,
  summary:
    "Restores a chat from the JSON or the zip of an export, of this or an older version, under the " +
    "caller and with new ids.",
  request: ImportChatRequest,
  accepts,
  answers: { 201: ImportChatResponse },
  errors: ["storage_unavailable", "conflict", "quota_exceeded"],
} as const satisfies Contract;
