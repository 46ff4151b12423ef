import { z } from "zod";
import { DOWNLOADS_PER_REQUEST } from "../limits.ts";
import type { Contract } from "./contract.ts";
import { Id, idList, Time } from "./values.ts";

/** POST presign-download: some images and documents, a chat's images page by page, or its first document. */
export const PresignDownloadRequest = z.union([
  z.strictObject({ ids: idList(DOWNLOADS_PER_REQUEST) }),
  z.strictObject({ chat_id: Id, after: z.string().regex(/^\d{1,18}$/).optional() }),
  z.strictObject({ document_of: Id }),
]);
/** POST presign-download. */
export type PresignDownloadRequest = z.infer<typeof PresignDownloadRequest>;

/** 200: URLs that work until expires_at. */
export const PresignDownloadResponse = z.object({
  downloads: z.array(z.object({
    /** Of the image or document; of the chat where its first document was asked for. */
    id: Id,
    url: z.url(),
    expires_at: Time,
  })),
  /** Ids that name nothing of the caller's. */
  missing: z.array(Id),
  /** Pass as `after` for the next page. Absent on the last one. */
  next: z.string().optional(),
});
/** 200 of presign-download. */
export type PresignDownloadResponse = z.infer<typeof PresignDownloadResponse>;

/** How presign-download is called. */
export const PRESIGN_DOWNLOAD = {
  name: "presign-download",
  method: "POST",
  access: "user",
  summary:
    "Signs GETs: for up to 1,000 images and documents, a chat's images, or its first document.",
  request: PresignDownloadRequest,
  answers: { 200: PresignDownloadResponse },
  errors: ["not_found", "storage_disabled"],
} as const satisfies Contract;
