import { verifyAuth } from "@supabase/server/core";
import type { Access } from "@shared/contracts/contract.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { INVALID_TOKEN, NO_USER } from "@shared/unauthorized.ts";

/** Who calls. */
export interface Caller {
  /** Empty where nobody is signed in. */
  userId: string;
  /** The e-mail address, where the account has one. */
  email: string | undefined;
  /** The session that the token belongs to, if it says so. */
  sessionId: string | undefined;
  /** The access token; empty where nobody is signed in. */
  token: string;
}

/** Does a request carry a token? A key in its place, as supabase-js sends it to nobody's name, is none. */
function hasToken({ headers }: Request): boolean {
  const token = headers.get("authorization")?.replace(/^Bearer\s+/i, "") ?? "";
  return token !== "" && token !== headers.get("apikey") && !token.startsWith("sb_");
}

/**
 * Lets in whom a function is for.
 *
 * @param access whom it is for
 * @throws {ChatArchiveError} `unauthorized`, or `internal` where the keys are not configured
 */
export async function authorize(request: Request, access: Access): Promise<Caller> {
  if (access === "none") return { userId: "", email: undefined, sessionId: undefined, token: "" };
  const { data, error } = await verifyAuth(request, { auth: access });
  if (error) {
    if (error.status >= 500) {
      throw new ChatArchiveError("internal", "the function is not configured", { cause: error });
    }
    throw new ChatArchiveError(
      "unauthorized",
      access === "secret"
        ? "the secret key is required"
        : hasToken(request)
        ? INVALID_TOKEN
        : NO_USER,
      { cause: error },
    );
  }
  // RLS trusts these claims: a token for another role must not pass as a user's.
  const { sub, role, email } = data.jwtClaims ?? {};
  const sessionId = data.jwtClaims?.["session_id"];
  if (access === "user" && (!sub || role !== "authenticated")) {
    throw new ChatArchiveError("unauthorized", "a signed-in user's access token is required");
  }
  return {
    userId: sub ?? "",
    email: typeof email === "string" && email ? email : undefined,
    sessionId: typeof sessionId === "string" ? sessionId : undefined,
    token: data.token ?? "",
  };
}
