import { DELETE_ACCOUNT } from "@shared/contracts/delete-account.ts";
import { serve } from "../_shared/serve.ts";
import { asAdmin, asCaller } from "../_shared/wiring.ts";
import { deleteAccount } from "./handler.ts";

/** Milliseconds; a client should not wait longer, and a repeated request goes on. */
const BUDGET_MS = 60_000;

export default serve(
  DELETE_ACCOUNT,
  async (request, call) => {
    const reply = await deleteAccount(request, {
      caller: { id: call.userId, email: call.email, sessionId: call.sessionId },
      db: asCaller(call),
      // Users have no right on auth.users, and slices are made by a function of the worker's role.
      admin: asAdmin(call),
      budget: BUDGET_MS,
    });
    call.note({ status: reply.body.status, chats: reply.body.chats });
    return reply;
  },
);
