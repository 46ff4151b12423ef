import type {
  DeleteAccountRequest,
  DeleteAccountResponse,
} from "@shared/contracts/delete-account.ts";
import { ChatArchiveError, fieldError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import { query } from "@shared/query.ts";

/** A session that began within this time may delete its account. */
const SESSION_AGE_SECONDS = 600;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** No session has this id. */
const NO_SESSION = "00000000-0000-0000-0000-000000000000";

/** What delete-account needs. */
export interface DeleteAccountPorts {
  /** Whose token it is. */
  caller: { id: string; email: string | undefined; sessionId: string | undefined };
  /** The caller's rights: whose receipt is shown. */
  db: ArchiveClient;
  /** Past RLS: removes rows in slices, and the auth user. Always of the caller, by the token's id. */
  admin: ArchiveClient;
  /** Milliseconds after which no new slice is begun. */
  budget: number;
}

function checkConfirmation(
  { confirm }: DeleteAccountRequest,
  { id, email }: DeleteAccountPorts["caller"],
) {
  // GoTrue keeps addresses in lower case.
  if (confirm.toLowerCase() === (email ?? id).toLowerCase()) return;
  const message = email
    ? "must be the account's own e-mail address"
    : "must be the account's own user id";
  throw fieldError("invalid_request", ["confirm"], message);
}

/** Somebody who found an open page, or a token, does not delete the account. */
async function checkSession({ admin, caller }: DeleteAccountPorts) {
  const isFresh = await query(() =>
    admin.rpc("is_fresh_session", {
      of_user: caller.id,
      of_session: UUID.test(caller.sessionId ?? "") ? caller.sessionId! : NO_SESSION,
      max_age_seconds: SESSION_AGE_SECONDS,
    })
  );
  if (isFresh) return;
  throw new ChatArchiveError(
    "forbidden",
    "the session began more than ten minutes ago: sign in again, then repeat the request",
  );
}

async function deleteUser({ admin, caller }: DeleteAccountPorts) {
  try {
    await query(() => admin.rpc("delete_account_user", { of_user: caller.id }));
  } catch (error) {
    if (error instanceof ChatArchiveError && error.code === "not_found") {
      // A foreign key without a cascade. Chats are gone; who owns that table has to decide.
      throw new ChatArchiveError(
        "conflict",
        "another table of this project still has rows of this account",
        { cause: error.cause },
      );
    }
    throw error;
  }
}

/**
 * Deletes the caller's account: chats in slices, then the auth user. The bytes follow, by the outbox
 * entries that every slice leaves in its own transaction. Interrupted at any point, a repeated request
 * goes on; when all is done it reports, as long as the access token lives.
 *
 * @throws {ChatArchiveError} `invalid_request` where `confirm` is not the caller's, `forbidden` where the
 *   session did not begin within ten minutes, `conflict` where a table of the application's own holds on
 *   to the user
 */
export async function deleteAccount(
  request: DeleteAccountRequest,
  ports: DeleteAccountPorts,
): Promise<{ status: 202; body: DeleteAccountResponse }> {
  checkConfirmation(request, ports.caller);
  await checkSession(ports);
  const began = performance.now();
  let finished = false;
  while (!finished && performance.now() - began < ports.budget) {
    const [slice] = await query(() =>
      ports.admin.rpc("delete_account_slice", { of_user: ports.caller.id })
    );
    finished = slice?.finished ?? false;
    await failpoint(finished ? "account.emptied" : "account.slice");
  }
  if (finished) await deleteUser(ports);

  const [receipt] = await query(() => ports.db.rpc("account_deletion_status"));
  return {
    status: 202,
    body: {
      status: finished ? "deleted" : "pending",
      chats: receipt?.chats ?? 0,
      objects_pending: receipt?.entries_pending ?? 0,
      ...(receipt?.final_sweep_at ? { final_sweep_at: receipt.final_sweep_at } : {}),
    },
  };
}
