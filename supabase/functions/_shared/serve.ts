/**
 * What every function has in common: request id, CORS, access, validation, errors, one log line.
 *
 * @module
 */
import type { z } from "zod";
import type { Access, Files } from "@shared/contracts/contract.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { authorize, type Caller } from "./authorization.ts";
import { adminClient } from "./clients.ts";
import { corsHeaders, PREFLIGHT_HEADERS } from "./cors.ts";
import { asArchiveError, errorAnswer } from "./error_answer.ts";
import { configureLog, createLog, describeError } from "./log.ts";
import { takeToken } from "./rate_limit.ts";
import { type BodyFile, fileOf, readJson, readRest } from "./request_body.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type CloseLog, withEnding } from "./stream_ending.ts";
import { validated } from "./validation.ts";

/** One request, checked. */
export interface Call extends Caller {
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
  /** The caller's, or a new one. Goes with every call onward. */
  requestId: string;
  settings: Settings;
  /** The body, where the function takes files. */
  file: BodyFile | undefined;
  /** Adds fields to the request's log line: ids and counts, never content. */
  note(fields: Record<string, unknown>): void;
}

/** A JSON answer. */
export interface Reply {
  status: number;
  body: unknown;
  /** There was nothing to do: the log line has the level debug. */
  idle?: boolean;
}

/** An answer that is made piece by piece. */
export interface StreamReply {
  headers: Record<string, string>;
  /**
   * Ended early when the reader goes away. What it throws aborts the body: a cut answer must not pass
   * for a whole one.
   */
  chunks: AsyncIterable<Uint8Array>;
}

/** How a function is called: part of its contract. */
export interface ServeOptions<Input> {
  name: string;
  method: "GET" | "POST";
  access: Access;
  /** Of the JSON body; of the query where the method is GET, or the body a file. */
  request: z.ZodType<Input>;
  /** Media types of the body, where it is a file. */
  accepts?: Files;
  isRateLimited?: true;
}

type Handler<Input> = (input: Input, call: Call) => Promise<Reply | StreamReply>;

/** The caller's request id, if it is a harmless one. */
function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id") ?? "";
  return /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

/** Checks a request, and has it handled. */
async function handle<Input>(
  request: Request,
  options: ServeOptions<Input>,
  handler: Handler<Input>,
  call: Omit<Call, keyof Caller | "file">,
): Promise<Reply | StreamReply> {
  if (request.method !== options.method) {
    throw new ChatArchiveError("method_not_allowed", `use ${options.method}`);
  }
  const caller = await authorize(request, options.access);
  if (caller.userId) call.note({ user_id: caller.userId });
  if (!call.settings.useDatabase && options.access !== "none") {
    throw new ChatArchiveError("database_disabled", "this deployment runs without a database");
  }
  const raw = options.method === "GET" || options.accepts
    ? Object.fromEntries(new URL(request.url).searchParams)
    : await readJson(request);
  const input = validated(options.request, raw);
  const file = options.accepts && fileOf(request, options.accepts);
  try {
    if (options.isRateLimited) {
      const { userId } = caller;
      const perMinute = call.settings.rateLimitPerMinute;
      await takeToken(adminClient(call), { userId, name: options.name, perMinute });
    }
    return await handler(input, { ...call, ...caller, file });
  } finally {
    if (file && request.body && !request.body.locked) await readRest(request.body);
  }
}

/** The response to a request that was handled. */
function answered(reply: Reply | StreamReply, signal: AbortSignal, close: CloseLog): Response {
  if ("chunks" in reply) {
    return new Response(ReadableStream.from(withEnding(reply.chunks, signal, close)), reply);
  }
  const response = Response.json(reply.body, { status: reply.status });
  const { ok, status } = response;
  const level = reply.idle ? "debug" : "info";
  close(ok ? level : "error", ok ? "ok" : "error", { status });
  return response;
}

/** The response to a request that failed. */
function failed(
  thrown: unknown,
  facts: { requestId: string; method: string },
  close: CloseLog,
): Response {
  const error = asArchiveError(thrown);
  close(error.status >= 500 ? "error" : "info", "error", {
    status: error.status,
    code: error.code,
    // Below 500 the request is to blame, and its parts would be quoted.
    ...(error.status >= 500 && error.cause ? { cause: describeError(error.cause) } : {}),
  });
  return errorAnswer(error, facts);
}

/**
 * Makes a function out of a handler.
 *
 * @returns what an Edge Function exports by default
 */
export function serve<Input>(
  options: ServeOptions<Input>,
  handler: Handler<Input>,
): { fetch(request: Request): Promise<Response> } {
  // Bad settings are reported when the function boots, not when the first user calls it.
  const settings = readSettings();
  configureLog(settings.logLevels);

  /** @param requestId of the request's log line */
  async function respond(request: Request, requestId: string): Promise<Response> {
    const started = performance.now();
    const log = createLog("operation", { request_id: requestId });
    let fields: Record<string, unknown> = {};
    const note = (more: Record<string, unknown>) => void (fields = { ...fields, ...more });
    const close: CloseLog = (level, outcome, more) =>
      log(level, options.name, {
        ...fields,
        ...more,
        outcome,
        duration_ms: Math.round(performance.now() - started),
      });
    const { signal } = request;
    try {
      const call = { signal, requestId, settings, note };
      return answered(await handle(request, options, handler, call), signal, close);
    } catch (thrown) {
      return failed(thrown, { requestId, method: options.method }, close);
    }
  }

  return {
    async fetch(request) {
      const requestId = requestIdOf(request);
      const response = request.method === "OPTIONS"
        ? new Response(null, { status: 204, headers: PREFLIGHT_HEADERS })
        : await respond(request, requestId);
      const headers = new Headers(response.headers);
      const cors = corsHeaders(request, settings.allowedOrigins);
      for (const [name, value] of Object.entries(cors)) headers.set(name, value);
      headers.set("x-request-id", requestId);
      return new Response(response.body, { status: response.status, headers });
    },
  };
}
