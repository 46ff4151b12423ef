import type { QueryError } from "../../database_errors.ts";
import { ChatArchiveError, type ErrorCode } from "../../errors.ts";

/** The server can't be asked, or not now, so the device answers. */
const AWAY = new Set<ErrorCode>(["database_unavailable", "database_disabled", "rate_limited"]);

/** The backend refuses this write, and will again. */
const REFUSALS = new Set<ErrorCode>([
  "invalid_request",
  "forbidden",
  "not_found",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "upload_mismatch",
]);

/** Whether the server can't be asked at all, or not now. */
export function isAway(error: unknown): error is ChatArchiveError {
  return error instanceof ChatArchiveError && AWAY.has(error.code);
}

/** A SQLSTATE, or a code of PostgREST. */
const CODE = /^(?=.*\d)[0-9A-Z]{5}$|^PGRST\w+$/;

/**
 * Whether an error is the backend's own word. Proxies, captive portals and gateways refuse too, in their
 * own ways and without one of its codes.
 */
export function isOurs({ cause }: ChatArchiveError): boolean {
  const answer = cause as Partial<QueryError> | undefined;
  return typeof answer?.message !== "string" || cause instanceof Error ||
    CODE.test(answer.code ?? "");
}

/** Whether the backend refuses a write for good. */
export function isRefusal(error: unknown): error is ChatArchiveError {
  return error instanceof ChatArchiveError && REFUSALS.has(error.code) && isOurs(error);
}
