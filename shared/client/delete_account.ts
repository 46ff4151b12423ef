import type { DeleteAccountResponse } from "../contracts/delete-account.ts";
import { callFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";

/**
 * Deletes the account of the signed-in user: all chats, and the user. Bytes follow. A large account
 * takes several requests, which are made here.
 *
 * @param confirm the own e-mail address, or the user id where there is none
 * @throws {ChatArchiveError} `invalid_request` where `confirm` is not that, `forbidden` where the session
 *   began more than ten minutes ago: sign in again
 */
export function deleteAccount(
  connection: Connection,
  { confirm, signal }: { confirm: string } & CallOptions,
): Promise<DeleteAccountResponse> {
  return operate(connection, { operation: "deleteAccount", signal }, async (operation) => {
    for (;;) {
      const answer = await callFunction<DeleteAccountResponse>(operation, "delete-account", {
        confirm,
      });
      operation.note({ count: answer.chats });
      if (answer.status === "deleted") return answer;
    }
  });
}
