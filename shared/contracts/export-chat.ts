import { z } from "zod";
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
