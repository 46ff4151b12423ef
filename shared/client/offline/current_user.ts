import { ChatArchiveError } from "../../errors.ts";
import type { ArchiveClient } from "../../rows.ts";
import type { OfflineStore } from "./store.ts";

/** Where the store remembers who was signed in last. */
const LAST_USER = "last_user";

interface Session {
  id: string | undefined;
  /** The session could not be refreshed, for want of a network: it is there all the same. */
  stale: boolean;
}

/** The user that a token names (RFC 7519, `sub`). It is not checked here: the server does that. */
function subjectOf(token: string): string | undefined {
  const [, payload = ""] = token.split(".");
  const bytes = Uint8Array.from(
    atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
    (character) => character.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes)).sub;
}

async function sessionOf(supabase: ArchiveClient): Promise<Session> {
  const ownToken = supabase["accessToken"];
  if (ownToken) {
    const token = await ownToken();
    return { id: token ? subjectOf(token) : undefined, stale: false };
  }
  const { data, error } = await supabase.auth.getSession();
  return { id: data.session?.user.id, stale: error?.name === "AuthRetryableFetchError" };
}

/**
 * Who is signed in, also where the session has expired and can't be refreshed for want of a network.
 *
 * @throws {ChatArchiveError} `unauthorized` where nobody is
 */
export async function currentUser(supabase: ArchiveClient, store: OfflineStore): Promise<string> {
  const { id, stale } = await sessionOf(supabase);
  const [[, last] = []] = id && !stale ? [] : await store.read(LAST_USER);
  const user = id ?? (stale && typeof last === "string" ? last : undefined);
  if (!user) throw new ChatArchiveError("unauthorized", "a signed-in user is required");
  return user;
}

/** Remembers who is signed in. */
export function rememberUser(store: OfflineStore, user_id: string): Promise<void> {
  return store.write(new Map([[LAST_USER, user_id]]));
}
