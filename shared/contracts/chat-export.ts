/**
 * The JSON of an export: `chat.json` in a zip, the whole answer with `format=json`. It carries every
 * column of a chat and of what belongs to it, and is what import-chat reads.
 *
 * The order of the keys is part of the format: a reader that streams needs what is referred to before
 * what refers to it. Only the images that parts of messages name come later.
 *
 * @module
 */
import { z } from "zod";
import { EXPORT_VERSION } from "../export_version.ts";
import { BOXES_PER_SEARCH_RESULT } from "../limits.ts";
import { ChatDocument, ChatImage } from "./file_rows.ts";
import { AnyJson, Id, JsonObject, Time } from "./values.ts";

export { EXPORT_VERSION };

/** A signed address. It is never stored, and dies with the export that carries it. */
export const ExportLink = z.strictObject({
  url: z.url(),
  /** Until then it works. */
  expires_at: Time,
});

/** What a file in an export carries besides its facts. */
const location = {
  /** With `images=link`, in JSON. */
  link: ExportLink.optional(),
  /** Its path in the zip. */
  file: z.string().max(1024).optional(),
};

/** A real file name: 512 characters, each of which is one or two UTF-16 units. */
const FileName = z.string().max(1024);

/** In lower-case hex. */
const sha256 = z.string().max(64).nullable();

/** Computed by the database: readers have no use for it. */
const bytes = z.int().optional();

/** Row of chats. */
export const ExportedChat = z.strictObject({
  id: Id,
  user_id: Id,
  title: z.string(),
  description: z.string().nullable(),
  document_path: z.string().nullable(),
  is_archived: z.boolean(),
  metadata: JsonObject,
  external_id: z.string().nullable(),
  created_at: Time,
  updated_at: Time,
});
/** Row of chats. */
export type ExportedChat = z.infer<typeof ExportedChat>;

/** Row of chat_documents, and where its bytes are. */
export const ExportedDocument = z.strictObject({
  ...ChatDocument.shape,
  name: FileName,
  sha256,
  metadata: JsonObject,
  ...location,
});
/** Row of chat_documents, and where its bytes are. */
export type ExportedDocument = z.infer<typeof ExportedDocument>;

/** Row of chat_messages. */
export const ExportedMessage = z.strictObject({
  id: Id,
  chat_id: Id,
  user_id: Id,
  /** Order within the chat. An import gives new numbers in the same order. */
  seq: z.int(),
  role: z.string(),
  content: z.string(),
  message_type: z.string(),
  /** Files in them are named `chat-archive:image/<id>` and `chat-archive:document/<id>`. */
  parts: z.array(AnyJson).nullable(),
  metadata: JsonObject,
  /** A message that comes before this one. */
  parent_id: Id.nullable(),
  external_id: z.string().nullable(),
  status: z.string(),
  created_at: Time,
  updated_at: Time,
  bytes,
});
/** Row of chat_messages. */
export type ExportedMessage = z.infer<typeof ExportedMessage>;

/** Row of chat_images, and where its bytes are. */
export const ExportedImage = z.strictObject({
  ...ChatImage.shape,
  image_name: FileName,
  sha256,
  bytes,
  ...location,
});
/** Row of chat_images, and where its bytes are. */
export type ExportedImage = z.infer<typeof ExportedImage>;

/** One box or several; the database looks closer. */
const Boxes = AnyJson.refine(
  (value) => !Array.isArray(value) || value.length <= BOXES_PER_SEARCH_RESULT,
  `at most ${BOXES_PER_SEARCH_RESULT} boxes`,
);

/** Row of search_results. */
export const ExportedSearchResult = z.strictObject({
  id: Id,
  chat_id: Id,
  user_id: Id,
  message_id: Id.nullable(),
  document_id: Id.nullable(),
  seq: z.int(),
  block_id: z.string(),
  page_number: z.int(),
  block_text: z.string().nullable(),
  score: z.number().nullable(),
  coords_norm: Boxes,
  coords_px: Boxes,
  metadata: JsonObject,
  created_at: Time,
  bytes,
});
/** Row of search_results. */
export type ExportedSearchResult = z.infer<typeof ExportedSearchResult>;

/** The whole file. */
export const ChatExport = z.strictObject({
  format: z.literal("chat-archive"),
  version: z.literal(EXPORT_VERSION),
  exported_at: Time,
  chat: ExportedChat,
  /** By seq. */
  documents: z.array(ExportedDocument),
  /** By seq. */
  messages: z.array(ExportedMessage),
  /** By seq; those of messages and those of none. */
  images: z.array(ExportedImage),
  /** By seq; those of messages and those of none. */
  search_results: z.array(ExportedSearchResult),
});
/** The whole file. */
export type ChatExport = z.infer<typeof ChatExport>;

/** `manifest.json` of a zip of all chats: which ones this part holds. */
export const ExportManifest = z.strictObject({
  format: z.literal("chat-archive-parts"),
  version: z.literal(EXPORT_VERSION),
  exported_at: Time,
  chats: z.array(z.strictObject({
    id: Id,
    title: z.string(),
    /** In the zip, with `/` at its end. */
    folder: z.string(),
  })),
  /** Pass as `after` for the next part. Null in the last one. */
  next_after: z.string().nullable(),
});
/** `manifest.json` of a zip of all chats. */
export type ExportManifest = z.infer<typeof ExportManifest>;
