/**
 * The versions of an export that import-chat reads.
 *
 * @module
 */
import {
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";
import type { Rows } from "./imported_rows.ts";
import { VERSION_1 } from "./version_1.ts";

/** How a version is read. */
export interface Version {
  rows: Rows;
  /** Keys of the file, in their order: whoever streams needs what is referred to first. */
  keys: string[];
}

const keysOf = (documents: string) => [
  "format",
  "version",
  "exported_at",
  "chat",
  documents,
  "messages",
  "images",
  "search_results",
];

/** By number. */
export const VERSIONS = new Map<number, Version>([
  [1, { rows: VERSION_1, keys: keysOf("document") }],
  [2, {
    rows: {
      chat: ExportedChat,
      document: ExportedDocument,
      message: ExportedMessage,
      image: ExportedImage,
      searchResult: ExportedSearchResult,
    },
    keys: keysOf("documents"),
  }],
]);
