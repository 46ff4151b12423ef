import { ChatArchiveError, type ErrorBody, STATUS_OF } from "../errors.ts";
import { type FunctionRequest, functionRequest, noAnswer } from "./function_request.ts";
import type { Operation } from "./operation.ts";

/** Whether an answer is an error of ours: gateways answer in their own ways. */
function isErrorBody(given: object | null | undefined): given is ErrorBody {
  const answer = given as Partial<ErrorBody> | null | undefined;
  return typeof answer?.code === "string" && Object.hasOwn(STATUS_OF, answer.code) &&
    typeof answer.message === "string" && typeof answer.request_id === "string" &&
    (answer.details === undefined || typeof answer.details === "object");
}

/** The error that a function answered, or what a gateway in front of it means by its own. */
async function errorOf(response: Response): Promise<ChatArchiveError> {
  const answer: ErrorBody | { code?: unknown; message?: unknown } | undefined = await response
    .json()
    .catch(() => undefined);
  if (isErrorBody(answer)) {
    const { code, message, details, request_id } = answer;
    const retryAfter = response.headers.get("retry-after");
    return new ChatArchiveError(code, message, {
      requestId: request_id,
      ...(details ? { details } : {}),
      ...(retryAfter ? { retryAfter: Number(retryAfter) } : {}),
    });
  }
  const { status } = response;
  if (status >= 500) {
    return new ChatArchiveError("database_unavailable", "the functions can't be reached");
  }
  if (status === 429) return new ChatArchiveError("rate_limited", "too many requests");
  if (status === 401) {
    const message = "the key or the token is not valid";
    return new ChatArchiveError("unauthorized", message, { cause: { code: "", message } });
  }
  // Of a function that is not deployed the platform has a message; PostgREST's is about the path.
  if (status === 404 && (!answer?.message || /^PGRST/.test(String(answer.code)))) {
    return new ChatArchiveError("database_unavailable", "no Supabase API answers");
  }
  const message = `a function answered ${status}: is it deployed?`;
  // As supabase-js gives it: without a code, it is no answer of ours.
  return new ChatArchiveError("internal", message, { cause: { code: "", message } });
}

/** Calls a function. @returns its answer, which is not an error */
export async function requestFunction(
  { connection, request_id, limit }: Operation,
  name: string,
  request: FunctionRequest,
): Promise<Response> {
  const response = await functionRequest(connection.supabase, name, {
    signal: limit(),
    ...request,
    headers: { ...request.headers, "x-request-id": request_id },
  });
  if (!response.ok) throw await errorOf(response);
  return response;
}

/**
 * Reads a JSON answer to its end.
 *
 * @typeParam Answer of the contract. It is not checked here, which would bring zod into every page:
 *   the functions are tested against it.
 */
export async function readJson<Answer>(response: Response, signal: AbortSignal): Promise<Answer> {
  try {
    return await response.json();
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new ChatArchiveError("database_unavailable", "no Supabase API answers", { cause });
    }
    throw noAnswer(cause, signal);
  }
}

/** Calls a function that takes and gives JSON. @typeParam Answer of the contract */
export async function callFunction<Answer>(
  operation: Operation,
  name: string,
  body: unknown,
): Promise<Answer> {
  const signal = operation.limit();
  const response = await requestFunction(operation, name, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  return await readJson(response, signal);
}
