import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { stack } from "./stack.ts";
import { strictRest } from "./strict_rest.ts";

/** Whose client it is, and how it sends. */
export interface ApiClientOptions {
  /** Of the API; by default the stack's. */
  url?: string;
  /** By default the publishable one. */
  key?: string;
  /** An access token; without it the client is its own key's, and can sign in. */
  token?: string;
  fetch?: typeof fetch;
}

/** A client of the stack's API, held to what PostgREST takes. */
export function apiClient(options: ApiClientOptions = {}): ArchiveClient {
  const { url = stack.API_URL, key = stack.PUBLISHABLE_KEY, token } = options;
  return createClient<Database>(url, key, {
    global: { fetch: strictRest(options.fetch) },
    ...(token === undefined
      ? { auth: { persistSession: false, autoRefreshToken: false } }
      : { accessToken: () => Promise.resolve(token) }),
  });
}

/** The database past row level security, as the worker has it: nothing is sent twice. */
export function workerClient({ API_URL, SECRET_KEY }: StackStatus = stack): ArchiveClient {
  return createClient<Database>(API_URL, SECRET_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    db: { retry: false },
    global: { fetch: strictRest() },
  });
}
