// Types only: whoever imports the error class need not load zod.
import type { z } from "zod";
import type {
  ErrorAnswer,
  ExceededQuota as QuotaSchema,
  Issue as IssueSchema,
} from "./contracts/contract.ts";
import { type ErrorCode, STATUS_OF } from "./error_codes.ts";

export { type ErrorCode, STATUS_OF };

/** What is wrong with one field of a request: `path` says where, from the outside in. */
export type Issue = z.infer<typeof IssueSchema>;

/** Which quota, what may be held, what is held, what was asked for beside it. */
export type QuotaFacts = z.infer<typeof QuotaSchema>;

/** Of `quota_exceeded`. */
export interface ExceededQuota extends QuotaFacts {
  /** It is no list of issues. */
  [index: number]: undefined;
}

/** What is wrong with which field; of `quota_exceeded`, the quota. */
export type ErrorDetails = Issue[] | ExceededQuota;

/** An error response, as its contract says. */
export type ErrorResponse = z.infer<typeof ErrorAnswer>;

/** Body of an error response. */
export type ErrorBody = Omit<ErrorResponse, "details"> & { details?: ErrorDetails };

/** What an error carries besides its code and message. */
export interface ErrorInfo extends ErrorOptions {
  details?: ErrorDetails;
  /** Of the response that brought the error. */
  requestId?: string;
  /** Of `rate_limited`: seconds until the request may be repeated. */
  retryAfter?: number;
  /** Ids of rows that the call has saved before it failed. */
  saved?: string[];
}

/**
 * The one error of this project. Its message is for the caller; its cause is for logs only.
 *
 * @example
 * ```ts
 * import { ChatArchiveError } from "chat-archive";
 *
 * const error = new ChatArchiveError("not_found", "no such chat");
 * if (error.code !== "not_found" || error.status !== 404) throw error;
 * ```
 */
export class ChatArchiveError extends Error {
  override readonly name = "ChatArchiveError";
  readonly code: ErrorCode;
  readonly details?: ErrorDetails;
  readonly requestId?: string;
  /** Of `rate_limited`: seconds until the request may be repeated. */
  readonly retryAfter?: number;

  /** Ids of rows that the call has saved, or found saved, before it failed; where it saves in parts. */
  readonly saved?: string[];

  constructor(code: ErrorCode, message: string, info: ErrorInfo = {}) {
    const { details, requestId, retryAfter, saved, ...options } = info;
    super(message, options);
    this.code = code;
    if (details) this.details = details;
    if (requestId) this.requestId = requestId;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    if (saved) this.saved = saved;
  }

  /** The same error, with more of what is known. */
  with(info: ErrorInfo, message = this.message): ChatArchiveError {
    return new ChatArchiveError(this.code, message, { ...this, cause: this.cause, ...info });
  }

  /** The HTTP status of the code. */
  get status(): number {
    return STATUS_OF[this.code];
  }
}

/**
 * The error about one field: message and details name it.
 *
 * @param path where: names and indexes, from the outside in
 */
export function fieldError(
  code: ErrorCode,
  path: Issue["path"],
  message: string,
  options: ErrorOptions = {},
): ChatArchiveError {
  return new ChatArchiveError(code, `${path.join(".")}: ${message}`, {
    ...options,
    details: [{ path, message }],
  });
}
