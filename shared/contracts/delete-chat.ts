import { z } from "zod";
import { CHATS_PER_REQUEST } from "../limits.ts";
import type { Contract } from "./contract.ts";
import { Id, idList, Time } from "./values.ts";

/** POST delete-chat. */
export const DeleteChatRequest = z.union([
  z.strictObject({ chat_id: Id }),
  z.strictObject({ chat_ids: idList(CHATS_PER_REQUEST) }),
]);
/** POST delete-chat. */
export type DeleteChatRequest = z.infer<typeof DeleteChatRequest>;

/** 200 when all bytes that are known and listed now are gone, 202 while some are queued. */
export const DeleteChatResponse = z.object({
  deletions: z.array(z.object({
    chat_id: Id,
    status: z.enum(["done", "pending"]),
    objects_deleted: z.int(),
    /** Entries of the outbox that are still open; a prefix counts once, whatever it holds. */
    objects_pending: z.int(),
    /** Until then a URL given out earlier could still bring bytes, which will be swept. */
    final_sweep_at: Time.optional(),
  })),
  not_found: z.array(Id),
});
/** 200 or 202 of delete-chat. */
export type DeleteChatResponse = z.infer<typeof DeleteChatResponse>;

/** How delete-chat is called. */
export const DELETE_CHAT = {
  name: "delete-chat",
  method: "POST",
  access: "user",
  summary: "Deletes chats with all of their bytes, and says what is still left.",
  request: DeleteChatRequest,
  answers: { 200: DeleteChatResponse, 202: DeleteChatResponse },
  errors: ["not_found"],
} as const satisfies Contract;
