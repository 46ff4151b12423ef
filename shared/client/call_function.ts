import { z } from "zod";
import { ChatArchiveError, type ErrorCode, STATUS_OF } from "../errors.ts";
import { type FunctionRequest, functionRequest, noAnswer } from "./function_request.ts";
import type { Operation } from "./operation.ts";

const Failure = z.object({
  code: z.enum(Object.keys(STATUS_OF) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  details: z.array(z.object({
    path: z.array(z.union([z.string(), z.number()])),
    message: z.string(),
  })).optional(),
  request_id: z.string(),
});

/** The error that a function answered, or what a gateway in front of it means by its own. */
async function errorOf(response: Response): Promise<ChatArchiveError> {
  const parsed = Failure.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) {
    const { code, message, details, request_id } = parsed.data;
    return new ChatArchiveError(code, message, {
      requestId: request_id,
      ...(details ? { details } : {}),
    });
  }
  const { status } = response;
  if (status >= 500) {
    return new ChatArchiveError("database_unavailable", "the functions can't be reached");
  }
  if (status === 401) return new ChatArchiveError("unauthorized", "a signed-in user is required");
  if (status === 429) return new ChatArchiveError("quota_exceeded", "too many requests");
  return new ChatArchiveError("internal", `a function answered ${status}: is it deployed?`);
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

/** Reads a JSON answer to its end. */
export async function readJson(response: Response, signal: AbortSignal): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw noAnswer(cause, signal);
  }
}

/** Calls a function that takes and gives JSON. @param answer of the contract */
export async function callFunction<T>(
  operation: Operation,
  name: string,
  body: unknown,
  answer: z.ZodType<T>,
): Promise<T> {
  const signal = operation.limit();
  const response = await requestFunction(operation, name, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  return answer.parse(await readJson(response, signal));
}
