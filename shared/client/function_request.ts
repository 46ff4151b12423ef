import { ChatArchiveError } from "../errors.ts";
import type { ArchiveClient } from "../rows.ts";

/** A request to a function. */
export interface FunctionRequest {
  method: "GET" | "POST";
  headers?: Record<string, string>;
  query?: Record<string, string>;
  body?: BodyInit;
  signal?: AbortSignal;
}

/** What to throw where a request or the reading of its answer failed. */
export function noAnswer(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return new ChatArchiveError("database_unavailable", "the backend can't be reached", { cause });
}

/**
 * Sends a request to a function with the client's address, keys, session and fetch.
 *
 * `functions.invoke` would read every answer whole, and as text where its type is not JSON: exports
 * are streams, and zips. Its fetch and address are protected members of the same client.
 *
 * @throws {ChatArchiveError} `database_unavailable` where no answer comes, or the signal's reason
 */
export async function functionRequest(
  supabase: ArchiveClient,
  name: string,
  { query, headers = {}, signal, ...init }: FunctionRequest,
): Promise<Response> {
  const url = new URL(`${supabase["functionsUrl"].href}/${name}`);
  for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
  const send = supabase["functionsFetch"] ?? supabase["fetch"] ?? fetch;
  try {
    return await send(url.href, {
      ...init,
      headers: { "x-client-info": supabase["headers"]["X-Client-Info"] ?? "", ...headers },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    throw noAnswer(cause, signal);
  }
}
