import { ChatArchiveError, type ErrorBody } from "@shared/errors.ts";

/** What was thrown, as an error of ours: anything unknown is `internal`, and only its cause says more. */
export function asArchiveError(error: unknown): ChatArchiveError {
  if (error instanceof ChatArchiveError) return error;
  return new ChatArchiveError("internal", "something went wrong", { cause: error });
}

/** The answer that carries an error to a caller. @param method the one that the function takes */
export function errorAnswer(
  error: ChatArchiveError,
  { requestId, method }: { requestId: string; method: string },
): Response {
  const body: ErrorBody = {
    code: error.code,
    message: error.message,
    ...(error.details ? { details: error.details } : {}),
    request_id: requestId,
  };
  return Response.json(body, {
    status: error.status,
    headers: {
      ...(error.code === "method_not_allowed" ? { allow: method } : {}),
      ...(error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) }),
    },
  });
}
