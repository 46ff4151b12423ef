/**
 * Supabase clients for functions.
 *
 * @module
 */
import { createAdminClient, createContextClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";

/** A client that knows our schema. */
export type ArchiveClient = SupabaseClient<Database>;

/** Milliseconds for one query: a little more than the platform's statement_timeout of 8 s. */
const QUERY_TIMEOUT = 10_000;

function options(signal: AbortSignal) {
  return {
    // A function answers 503 at once; its caller decides whether to try again.
    db: { retry: false },
    global: {
      fetch: (input: RequestInfo | URL, init?: RequestInit) => {
        const signals = [signal, AbortSignal.timeout(QUERY_TIMEOUT), init?.signal];
        return fetch(input, {
          ...init,
          signal: AbortSignal.any(signals.filter((one) => one instanceof AbortSignal)),
        });
      },
    },
  };
}

/** A client with the rights of the caller: row level security applies. */
export function userClient(token: string, signal: AbortSignal): ArchiveClient {
  return createContextClient<Database>({ auth: { token }, supabaseOptions: options(signal) });
}

/** A client that bypasses row level security. Say at each use why the caller's rights won't do. */
export function adminClient(signal: AbortSignal): ArchiveClient {
  return createAdminClient<Database>({ supabaseOptions: options(signal) });
}
