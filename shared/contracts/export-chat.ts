import { z } from "zod";
import { ChatExport } from "./chat-export.ts";
import type { Contract } from "./contract.ts";
import { Id } from "./values.ts";

/** Query of GET export-chat. The answer is a file. */
export const ExportChatRequest = z.strictObject({
  chat_id: Id,
  format: z.enum(["markdown", "json"]).default("markdown"),
  /** link: signed URLs, which expire. none: names only. */
  images: z.enum(["link", "none"]).default("link"),
});
/** Query of GET export-chat. */
export type ExportChatRequest = z.infer<typeof ExportChatRequest>;

/** How export-chat is called. */
export const EXPORT_CHAT = {
  name: "export-chat",
  method: "GET",
  access: "user",
  summary: "Streams a chat as a file. An error after the first byte aborts the stream.",
  request: ExportChatRequest,
  answers: { 200: { "text/markdown": null, "application/json": ChatExport } },
  errors: ["not_found"],
} as const satisfies Contract;
