import type { QueryError } from "../database_errors.ts";
import { ChatArchiveError, fieldError } from "../errors.ts";
import { allowedIn } from "../input_fault.ts";
import { INVALID_TOKEN, NO_USER } from "../unauthorized.ts";
import { callFault } from "./call_fault.ts";
import type { Connection } from "./connection.ts";

/** Why nobody is let in, where PostgREST, or a gateway before it, said so. */
function whyUnauthorized({ message, cause }: ChatArchiveError): string {
  const answer = cause as QueryError | undefined;
  if (answer?.code === undefined && !answer?.message) return message;
  const { code = "" } = answer;
  // The role without a user has no right at all.
  if (code === "42501" || code === "PGRST302") return NO_USER;
  if (/^PGRST30/.test(code)) return INVALID_TOKEN;
  if (code === "unauthorized") return answer.message;
  return "the API key, or the access token, is not valid";
}

/**
 * An error in the caller's own terms: where the method was called with what it can't take, the field's
 * place in the input, and what is allowed there. Others stay as they are.
 *
 * @param facts      of the operation
 * @param connection knows what the caller's own method was called with, where it was bound
 */
export function explained(
  error: ChatArchiveError,
  { operation, input }: { operation: string; input?: object },
  { called = input }: Connection,
): ChatArchiveError {
  if (error.code === "unauthorized") return error.with({}, whyUnauthorized(error));
  const fault = callFault(operation, called);
  if (fault) {
    const { requestId, saved } = error;
    return fieldError("invalid_request", fault.path, fault.message, { cause: error })
      .with({ ...requestId ? { requestId } : {}, ...saved ? { saved } : {} });
  }
  if (error.code !== "invalid_request") return error;
  // Of a column the database says no more than that.
  const [issue] = Array.isArray(error.details) ? error.details : [];
  const allowed = issue?.message === "a value is not allowed" ? allowedIn(issue.path) : undefined;
  if (!issue || !allowed) return error;
  const { message, details } = fieldError("invalid_request", issue.path, allowed);
  return new ChatArchiveError("invalid_request", message, {
    ...error,
    ...details ? { details } : {},
    cause: error.cause,
  });
}
