import type { ArchiveClient } from "../rows.ts";

/** Who is signed in with a client, as far as it can be told. */
export interface Session {
  token: string | null;
  /** The user that the token names; undefined where nobody is signed in. */
  user_id: string | undefined;
  /** The session has expired and could not be refreshed, for want of a network: it is there all the same. */
  stale: boolean;
}

/** The user that a token names (RFC 7519, `sub`). It is not checked here: the server does that. */
function subjectOf(token: string | null): string | undefined {
  try {
    const payload = token!.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).sub;
  } catch {
    return undefined;
  }
}

/** The session whose token the next request will carry. */
export async function sessionOf(supabase: ArchiveClient): Promise<Session> {
  const fixed = new Headers(supabase["headers"]).get("authorization");
  const ownToken = supabase["accessToken"];
  let token = fixed?.replace(/^bearer /i, "") ?? null;
  let stale = false;
  if (token === null && ownToken) token = await ownToken();
  else if (token === null) {
    const { data, error } = await supabase.auth.getSession();
    token = data.session?.access_token ?? null;
    stale = error?.name === "AuthRetryableFetchError";
  }
  return { token, user_id: subjectOf(token), stale };
}
