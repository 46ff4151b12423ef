import { ChatArchiveError, fieldError } from "../errors.ts";
import { allowedIn, inputFault } from "../input_fault.ts";

/**
 * An error about what a method was called with, in the caller's own terms: the field's place in the
 * input, and what is allowed there. Others stay as they are.
 *
 * @param input of the method
 */
export function explained(error: ChatArchiveError, input: object): ChatArchiveError {
  const fault = inputFault(input);
  if (fault) {
    const { requestId, saved } = error;
    return fieldError("invalid_request", fault.path, fault.message, { cause: error })
      .with({ ...requestId ? { requestId } : {}, ...saved ? { saved } : {} });
  }
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
