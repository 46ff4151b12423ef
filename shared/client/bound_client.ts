import type { ArchiveClient } from "../rows.ts";
import { storableJson } from "../storable.ts";
import { repeated } from "./repeated.ts";
import { sessionOf } from "./session.ts";

/** What a server would answer to somebody who is not the user: in the shapes of both APIs. */
function notTheUser(): Response {
  const message = "somebody else, or nobody, is signed in";
  return Response.json({ code: "unauthorized", message, request_id: "" }, { status: 401 });
}

/**
 * The same client for the requests of one user: each goes out with a token of that user, which is looked
 * at when it is sent, or not at all. Whoever signs in meanwhile gets nothing of another one's work.
 * What can't be stored in a text of JSON is replaced (U+FFFD).
 *
 * @param user_id  undefined: nobody's
 * @param attempts times that a request is sent which gets no answer; 0: nothing is repeated at all
 */
export function boundTo(
  supabase: ArchiveClient,
  user_id: string | undefined,
  attempts: number,
): ArchiveClient {
  const bind = (send: typeof fetch = fetch): typeof fetch => (input, init) => {
    const body = typeof init?.body === "string" ? { body: storableJson(init.body) } : {};
    const attempt = async () => {
      const session = await sessionOf(supabase);
      if (session.stale) throw new TypeError("the session can't be refreshed");
      if (session.user_id !== user_id) return notTheUser();
      const headers = new Headers(init?.headers);
      // supabase-js asks for the token itself only where none is given.
      if (session.token) headers.set("authorization", `Bearer ${session.token}`);
      return await send(input, { ...init, ...body, headers });
    };
    return repeated(attempt, attempts, init?.signal);
  };
  const { rest, fetch: send, functionsFetch } = supabase as unknown as {
    rest: { fetch?: typeof fetch };
    fetch?: typeof fetch;
    functionsFetch?: typeof fetch;
  };
  // The members that supabase-js sends with; all else is the client's own.
  const value = <T>(value: T) => ({ value });
  return Object.create(supabase, {
    rest: value(Object.create(rest, { fetch: value(bind(rest.fetch)) })),
    fetch: value(bind(send)),
    functionsFetch: value(bind(functionsFetch ?? send)),
  });
}
