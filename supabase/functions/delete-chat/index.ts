import { DELETE_CHAT } from "@shared/contracts/delete-chat.ts";
import { serve } from "../_shared/serve.ts";
import { asAdmin, asCaller, mayDelete, uncheckedBucket } from "../_shared/wiring.ts";
import { deleteChat } from "./handler.ts";

/** Milliseconds; a client should not wait longer, and the worker finishes the rest. */
const BUDGET_MS = 25_000;

export default serve(
  DELETE_CHAT,
  async (request, call) => {
    call.note("chat_id" in request ? { chat_id: request.chat_id } : {});
    const store = uncheckedBucket(call);
    const reply = await deleteChat(request, {
      db: asCaller(call),
      // Clients may read the outbox, not work on it.
      admin: asAdmin(call),
      store,
      mayDelete: async () => store !== null && await mayDelete(call, store),
      budget: BUDGET_MS,
    });
    call.note({
      chats: reply.body.deletions.length,
      objects: reply.body.deletions.reduce((sum, one) => sum + one.objects_deleted, 0),
    });
    return reply;
  },
);
