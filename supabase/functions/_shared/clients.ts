/**
 * Supabase clients for functions.
 *
 * @module
 */
import { createAdminClient, createContextClient } from "@supabase/server/core";
import type { Database } from "@shared/database.types.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { createLog, describeError, type LogLevel } from "./log.ts";

/** Milliseconds for one query: a little more than the platform's statement_timeout of 8 s. */
const QUERY_TIMEOUT_MS = 10_000;

/** The request that a client works for. */
export interface ClientContext {
  /** Aborted when nobody waits any more. */
  signal: AbortSignal;
  /** Sent with each query, so that the logs of all parts can be joined. */
  requestId: string;
}

/** Table or function of a query, and nothing of its values. */
function targetOf(url: string): string {
  return new URL(url).pathname.replace(/^.*\/v1\//, "");
}

function options({ signal, requestId }: ClientContext) {
  const log = createLog("database", { request_id: requestId });
  return {
    // A function answers 503 at once; its caller decides whether to try again.
    db: { retry: false },
    global: {
      headers: { "x-request-id": requestId },
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        const started = performance.now();
        const note = (level: LogLevel, fields: Record<string, unknown>) =>
          log(level, "query", {
            method: init?.method ?? "GET",
            target: targetOf(input instanceof Request ? input.url : String(input)),
            ...fields,
            duration_ms: Math.round(performance.now() - started),
          });
        const signals = [signal, AbortSignal.timeout(QUERY_TIMEOUT_MS), init?.signal];
        try {
          const response = await fetch(input, {
            ...init,
            signal: AbortSignal.any(signals.filter((one) => one instanceof AbortSignal)),
          });
          const { status, ok } = response;
          note(status >= 500 ? "warning" : "debug", { status, outcome: ok ? "ok" : "error" });
          return response;
        } catch (error) {
          note(signal.aborted ? "debug" : "warning", {
            outcome: signal.aborted ? "cancelled" : "error",
            cause: describeError(error),
          });
          throw error;
        }
      },
    },
  };
}

/** A client with the rights of the caller: row level security applies. */
export function userClient(token: string, context: ClientContext): ArchiveClient {
  return createContextClient<Database>({ auth: { token }, supabaseOptions: options(context) });
}

/** A client that bypasses row level security. Say at each use why the caller's rights won't do. */
export function adminClient(context: ClientContext): ArchiveClient {
  return createAdminClient<Database>({ supabaseOptions: options(context) });
}
