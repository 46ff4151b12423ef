/**
 * Files of version 1, which 0.1 wrote. What is new since is absent in them.
 *
 * @module
 */
import { z } from "zod";
import {
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";
import { Id } from "@shared/contracts/values.ts";
import type { Rows } from "./imported_rows.ts";

const { content_type, sha256, link, file } = ExportedDocument.shape;

/** The chat's document, which was not a row of its own. */
const Document = z.strictObject({
  id: Id.nullable(),
  file_name: ExportedDocument.shape.name,
  content_type,
  file_size: ExportedDocument.shape.file_size.nullable(),
  sha256,
  link,
  file,
});

/** The rows of version 1, read as those of the newest. */
export const VERSION_1: Rows = {
  chat: ExportedChat.omit({ external_id: true })
    .transform((chat) => ({ ...chat, external_id: null })),
  document: Document.transform(({ id, file_name, file_size, file, ...facts }) => ({
    ...facts,
    id: id ?? crypto.randomUUID(),
    name: file_name,
    file_size: file_size ?? 0,
    // Of one that an operator had put there by hand nothing is known: it can't be verified.
    file: file_size === null ? undefined : file,
    page_count: null,
    metadata: {},
  })),
  message: ExportedMessage
    .omit({
      parts: true,
      metadata: true,
      parent_id: true,
      external_id: true,
      status: true,
      updated_at: true,
      bytes: true,
    })
    .transform((message) => ({
      ...message,
      parts: null,
      metadata: {},
      parent_id: null,
      external_id: null,
      status: "complete",
    })),
  image: ExportedImage
    .omit({ document_id: true, page_number: true, coords_norm: true, bytes: true })
    .transform((image) => ({ ...image, document_id: null, page_number: null, coords_norm: null })),
  searchResult: ExportedSearchResult.omit({ document_id: true, metadata: true, bytes: true })
    .transform((result) => ({ ...result, document_id: null, metadata: {} })),
};
