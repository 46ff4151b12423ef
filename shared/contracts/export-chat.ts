import { z } from "zod";
import { NEXT_AFTER_HEADER } from "../headers.ts";
import { ChatExport } from "./chat-export.ts";
import type { Contract } from "./contract.ts";
import { Id } from "./values.ts";

const ExportOneRequest = z.strictObject({
  chat_id: Id,
  format: z.enum(["markdown", "json", "zip"]).default("markdown"),
  /** link: signed URLs, which expire, or in a zip the files. none: names only. */
  images: z.enum(["link", "none"]).default("link"),
});

const ExportAllRequest = z.strictObject({
  all: z.literal("true"),
  format: z.literal("zip"),
  images: z.enum(["link", "none"]).default("link"),
  /** What the part before said: its header `x-next-after`, or `next_after` of its manifest. */
  after: z.string().regex(/^[A-Za-z0-9_-]{1,120}$/, "must be what a part before said").optional(),
});

/** Query of GET export-chat: one chat, or a part of all of the caller's. The answer is a file. */
export const ExportChatRequest = z.union([ExportOneRequest, ExportAllRequest]);
/** Query of GET export-chat. */
export type ExportChatRequest = z.infer<typeof ExportChatRequest>;

/** How export-chat is called. */
export const EXPORT_CHAT = {
  name: "export-chat",
  method: "GET",
  access: "user",
  isRateLimited: true,
  summary:
    "Streams a chat, or a part of all chats, as a file. An error after the first byte aborts the stream.",
  request: ExportChatRequest,
  answers: {
    200: { "text/markdown": null, "application/json": ChatExport, "application/zip": null },
  },
  headers: {
    [NEXT_AFTER_HEADER]:
      "With all=true: pass as `after` for the next part. Absent on the last one.",
  },
  errors: ["not_found"],
} as const satisfies Contract;
