import { z } from "zod";
import type { Contract } from "./contract.ts";
import { plainText, Time } from "./values.ts";

/** POST delete-account. */
export const DeleteAccountRequest = z.strictObject({
  /** The caller's own e-mail address; the user id where the account has none. */
  confirm: plainText(320).min(1),
});
/** POST delete-account. */
export type DeleteAccountRequest = z.infer<typeof DeleteAccountRequest>;

/** 202: what is gone, and what follows. The same request, repeated, gives the present state. */
export const DeleteAccountResponse = z.object({
  /**
   * deleted: all rows and the auth user are gone, and the bytes follow.
   * pending: rows are left; the same request, repeated, goes on where this one stopped.
   */
  status: z.enum(["deleted", "pending"]),
  /** Chats of this account whose deletion is on record, by whatever way they went. */
  chats: z.int(),
  /** Entries of the outbox that are still open; a chat counts once, whatever it holds. */
  objects_pending: z.int(),
  /** Until then a URL given out earlier could still bring bytes, which will be swept. */
  final_sweep_at: Time.optional(),
});
/** 202 of delete-account. */
export type DeleteAccountResponse = z.infer<typeof DeleteAccountResponse>;

/** How delete-account is called. */
export const DELETE_ACCOUNT = {
  name: "delete-account",
  method: "POST",
  access: "user",
  isRateLimited: true,
  summary: "Deletes the caller's account: all rows, then the auth user; all bytes follow.",
  request: DeleteAccountRequest,
  answers: { 202: DeleteAccountResponse },
  errors: ["conflict"],
} as const satisfies Contract;
