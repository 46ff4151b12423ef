import { z } from "zod";
import { FILES_PER_REQUEST } from "../limits.ts";
import type { Contract } from "./contract.ts";
import { Count, Id, PageBox, plainText, Time } from "./values.ts";

/** Fields that only files of one kind have. */
const FIELDS_OF = {
  image: [
    "message_id",
    "document_id",
    "page_number",
    "coords_norm",
    "image_type",
    "description",
    "width",
    "height",
  ],
  document: ["page_count"],
} as const;

/** One file that the client wants to upload. */
export const UploadFile = z.strictObject({
  /** Becomes the id of the image or document; a repeated request with it gives the same answer. */
  id: Id.optional(),
  /** Real file name, any characters. */
  name: plainText(512).regex(/\S/, "must not be blank"),
  content_type: plainText(100).min(1),
  /** Bytes, exactly. MAX_FILE_SIZE_MB bounds it (`payload_too_large`). */
  size: z.int().min(1),
  kind: z.enum(["image", "document"]).default("image"),
  message_id: Id.optional(),
  /** Of an image: the document of the chat that it shows, stored or reserved. */
  document_id: Id.optional(),
  /** Of an image: the page that it shows, from 1. */
  page_number: Count.optional(),
  /** Of an image: the part of the page that it shows; all of it where this is left out. */
  coords_norm: PageBox.optional(),
  image_type: plainText(50).min(1).optional(),
  description: plainText(16384).optional(),
  width: Count.optional(),
  height: Count.optional(),
  /** Of a document, where the application has counted them. */
  page_count: Count.optional(),
  /** Of all bytes, in lower-case hex. Nothing else is ever stored under this id. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
}).superRefine((file, context) => {
  const other = file.kind === "image" ? "document" : "image";
  for (const field of FIELDS_OF[other]) {
    if (file[field] === undefined) continue;
    context.addIssue({ code: "custom", path: [field], message: `only ${other}s have it` });
  }
});
/** One file that the client wants to upload. */
export type UploadFile = z.infer<typeof UploadFile>;

/** POST presign-upload. */
export const PresignUploadRequest = z.strictObject({
  chat_id: Id,
  files: z.array(UploadFile).min(1).max(FILES_PER_REQUEST),
});
/** POST presign-upload. */
export type PresignUploadRequest = z.infer<typeof PresignUploadRequest>;

/** 201: where to PUT each file, in the order of the request. */
export const PresignUploadResponse = z.object({
  uploads: z.array(z.object({
    id: Id,
    method: z.literal("PUT"),
    url: z.url(),
    /** To send with the PUT, as they are. */
    headers: z.record(z.string(), z.string()),
    expires_at: Time,
  })),
});
/** 201 of presign-upload. */
export type PresignUploadResponse = z.infer<typeof PresignUploadResponse>;

/** How presign-upload is called. */
export const PRESIGN_UPLOAD = {
  name: "presign-upload",
  method: "POST",
  access: "user",
  summary: "Reserves up to 100 files of a chat and signs a PUT for each, straight to the bucket.",
  request: PresignUploadRequest,
  answers: { 201: PresignUploadResponse },
  errors: ["not_found", "conflict", "quota_exceeded", "storage_disabled"],
} as const satisfies Contract;
