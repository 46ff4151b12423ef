import { z } from "zod";
import { FILES_PER_REQUEST } from "../limits.ts";
import type { Contract } from "./contract.ts";
import { ChatDocument, ChatImage } from "./file_rows.ts";
import { Id, idList } from "./values.ts";

/** POST confirm-upload. */
export const ConfirmUploadRequest = z.strictObject({ ids: idList(FILES_PER_REQUEST) });
/** POST confirm-upload. */
export type ConfirmUploadRequest = z.infer<typeof ConfirmUploadRequest>;

/** 200: what is stored now, what was refused, and what is still to be done. */
export const ConfirmUploadResponse = z.object({
  /** By seq. */
  images: z.array(ChatImage),
  /** By seq. */
  documents: z.array(ChatDocument),
  rejected: z.array(z.object({
    id: Id,
    code: z.enum(["upload_mismatch", "not_found"]),
    message: z.string(),
  })),
  /** More than one request may read, or the bucket did not answer: ask again for these. */
  pending: z.array(Id),
});
/** 200 of confirm-upload. */
export type ConfirmUploadResponse = z.infer<typeof ConfirmUploadResponse>;

/** How confirm-upload is called. */
export const CONFIRM_UPLOAD = {
  name: "confirm-upload",
  method: "POST",
  access: "user",
  isRateLimited: true,
  summary: "Verifies the bytes of uploads and makes them images and documents of the chat.",
  request: ConfirmUploadRequest,
  answers: { 200: ConfirmUploadResponse },
  errors: ["not_found", "conflict", "storage_disabled", "storage_unavailable"],
} as const satisfies Contract;
