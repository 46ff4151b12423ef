/**
 * All functions. What lists them (the OpenAPI document, tests, docs) takes them from here.
 *
 * @module
 */
import type { Contract } from "./contract.ts";
import { CONFIRM_UPLOAD } from "./confirm-upload.ts";
import { DELETE_ACCOUNT } from "./delete-account.ts";
import { DELETE_CHAT } from "./delete-chat.ts";
import { EXPORT_CHAT } from "./export-chat.ts";
import { HEALTH } from "./health.ts";
import { IMPORT_CHAT } from "./import-chat.ts";
import { PRESIGN_DOWNLOAD } from "./presign-download.ts";
import { PRESIGN_UPLOAD } from "./presign-upload.ts";
import { STORAGE_CLEANUP } from "./storage-cleanup.ts";

/** In the order in which an application meets them. */
export const CONTRACTS: readonly Contract[] = [
  PRESIGN_UPLOAD,
  CONFIRM_UPLOAD,
  PRESIGN_DOWNLOAD,
  DELETE_CHAT,
  DELETE_ACCOUNT,
  EXPORT_CHAT,
  IMPORT_CHAT,
  STORAGE_CLEANUP,
  HEALTH,
];
