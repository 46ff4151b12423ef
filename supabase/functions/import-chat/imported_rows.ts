/**
 * What an import keeps of the rows of an export, whatever its version.
 *
 * @module
 */
import type { z } from "zod";
import type {
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";

/** What of a chat an import keeps. */
export type ImportedChat = Omit<
  ExportedChat,
  "id" | "user_id" | "document_path" | "updated_at"
>;
/** What of a document an import keeps. */
export type ImportedDocument =
  & Pick<
    ExportedDocument,
    "id" | "name" | "content_type" | "file_size" | "sha256" | "page_count" | "metadata"
  >
  & { file?: string | undefined };
/** What of a message an import keeps. */
export type ImportedMessage = Omit<
  ExportedMessage,
  "chat_id" | "user_id" | "seq" | "updated_at" | "bytes"
>;
/** What of an image an import keeps. */
export type ImportedImage = Omit<
  ExportedImage,
  "chat_id" | "user_id" | "seq" | "s3_path" | "s3_url" | "uploaded_at" | "bytes" | "link"
>;
/** What of a search result an import keeps. */
export type ImportedSearchResult = Omit<
  ExportedSearchResult,
  "chat_id" | "user_id" | "seq" | "bytes"
>;

/** How rows of a version are checked. Whatever else stands in them is refused. */
export interface Rows {
  chat: z.ZodType<ImportedChat>;
  document: z.ZodType<ImportedDocument>;
  message: z.ZodType<ImportedMessage>;
  image: z.ZodType<ImportedImage>;
  searchResult: z.ZodType<ImportedSearchResult>;
}
