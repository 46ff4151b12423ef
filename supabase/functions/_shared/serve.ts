/**
 * What every function has in common: request id, CORS, access, validation, errors, one log line.
 *
 * @module
 */
import { verifyAuth } from "@supabase/server/core";
import { z } from "zod";
import type { Access, Files } from "@shared/contracts/contract.ts";
import { ChatArchiveError, type ErrorBody, type Issue } from "@shared/errors.ts";
import { configureLog, createLog, describeError, type LogLevel } from "./log.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Bytes of a JSON request. The largest valid one, 1,000 ids, has 40 KB. */
const MAX_BODY = 1024 * 1024;

/** A body that is a file, not read yet. */
export interface BodyFile {
  /** One of those that the function accepts. */
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** One request, checked. */
export interface Call {
  /** The caller's id; empty where nobody is signed in. */
  userId: string;
  /** The caller's e-mail address, where the account has one. */
  email: string | undefined;
  /** The caller's access token; empty where nobody is signed in. */
  token: string;
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
}

/** zod reports a union that fits nowhere as one issue; the alternative that is nearest names the field. */
function issuesOf(issues: z.core.$ZodIssue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const misfits = (one: z.core.$ZodIssue[]) =>
        one.filter((i) => i.code === "unrecognized_keys" || i.path.length === 1).length;
      const nearest = issue.errors.toSorted((a, b) =>
        misfits(a) - misfits(b) || a.length - b.length
      );
      return issuesOf(nearest[0]!).map(({ path, message }) => ({
        path: [...issue.path.map(String), ...path],
        message,
      }));
    }
    const path = issue.path.map((part) => typeof part === "number" ? part : String(part));
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], message: "unknown field" }));
    }
    return [{ path, message: issue.message }];
  });
}

function invalid(issues: Issue[]): ChatArchiveError {
  const [first] = issues;
  const where = first?.path.join(".") || "request";
  return new ChatArchiveError("invalid_request", `${where}: ${first?.message}`, {
    details: issues,
  });
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!/^application\/json\b/i.test(type)) {
    throw new ChatArchiveError("unsupported_media_type", "the body must be application/json");
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY) {
      throw new ChatArchiveError("payload_too_large", `the body has more than ${MAX_BODY} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ChatArchiveError("invalid_request", "request: the body is not valid JSON", {
      cause,
      details: [{ path: [], message: "the body is not valid JSON" }],
    });
  }
}

function fileOf(request: Request, accepts: Files): BodyFile {
  const given = request.headers.get("content-type") ?? "";
  const contentType = given.split(";")[0]!.trim().toLowerCase();
  const accepted = Object.keys(accepts);
  if (!accepted.includes(contentType)) {
    throw new ChatArchiveError(
      "unsupported_media_type",
      `the body must be ${accepted.join(" or ")}`,
    );
  }
  const bytes = request.body?.values({ preventCancel: true }) ?? ReadableStream.from([]);
  return { contentType, bytes };
}

/** Bytes, and milliseconds, that are spent on the rest of a body that nobody needs. */
const REST = { bytes: 1024 * 1024, time: 1000 };

/**
 * Reads what is left of a body. An answer that comes while its sender still writes can get lost with
 * the connection; of a long one it is better to lose the answer.
 */
async function readRest(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  const late = Promise.withResolvers<{ done: true; value?: undefined }>();
  const timer = setTimeout(() => late.resolve({ done: true }), REST.time);
  try {
    for (let left = REST.bytes; left > 0;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      left -= value.length;
    }
  } catch {
    // Its sender is gone.
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

async function readInput<Input>(request: Request, options: ServeOptions<Input>): Promise<Input> {
  const raw = options.method === "GET" || options.accepts
    ? Object.fromEntries(new URL(request.url).searchParams)
    : await readJson(request);
  const parsed = options.request.safeParse(raw);
  if (!parsed.success) throw invalid(issuesOf(parsed.error.issues));
  return parsed.data;
}

async function authorize(request: Request, access: Access) {
  if (access === "none") return { userId: "", email: undefined, token: "" };
  const { data, error } = await verifyAuth(request, { auth: access });
  if (error) {
    if (error.status >= 500) {
      throw new ChatArchiveError("internal", "the function is not configured", { cause: error });
    }
    throw new ChatArchiveError(
      "unauthorized",
      access === "user" ? "a valid access token is required" : "the secret key is required",
      { cause: error },
    );
  }
  // RLS trusts these claims: a token for another role must not pass as a user's.
  const { sub, role, email } = data.jwtClaims ?? {};
  if (access === "user" && (!sub || role !== "authenticated")) {
    throw new ChatArchiveError("unauthorized", "a signed-in user's access token is required");
  }
  return {
    userId: sub ?? "",
    email: typeof email === "string" && email ? email : undefined,
    token: data.token ?? "",
  };
}

function corsHeaders(request: Request, origins: string[]): Record<string, string> {
  const origin = request.headers.get("origin");
  const any = origins.includes("*");
  return {
    ...(any ? { "access-control-allow-origin": "*" } : { vary: "origin" }),
    ...(!any && origin && origins.includes(origin)
      ? { "access-control-allow-origin": origin }
      : {}),
    "access-control-expose-headers": "x-request-id, content-disposition, x-next-after",
  };
}

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "authorization, apikey, content-type, x-client-info, x-request-id",
  "access-control-max-age": "3600",
};

/** The caller's request id, if it is a harmless one. */
function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id") ?? "";
  return /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

function asArchiveError(error: unknown): ChatArchiveError {
  if (error instanceof ChatArchiveError) return error;
  return new ChatArchiveError("internal", "something went wrong", { cause: error });
}

type Close = (level: LogLevel, outcome: string, fields: Record<string, unknown>) => void;

/** Passes chunks on, and tells at the end how many bytes they had and how they ended. */
async function* counted(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal, close: Close) {
  let bytes = 0;
  // Stays so where the reader goes away: the generator is then ended at its yield.
  let ending: Parameters<Close> = ["info", "cancelled", { status: 200 }];
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
    ending = ["info", "ok", { status: 200 }];
  } catch (error) {
    const { code } = asArchiveError(error);
    // A reader that went away is no failure of ours, also where a query noticed it first.
    if (!signal.aborted) {
      ending = ["error", "aborted", { status: 200, code, cause: describeError(error) }];
    }
    throw error;
  } finally {
    const [level, outcome, fields] = ending;
    close(level, outcome, { ...fields, bytes });
  }
}

/**
 * Makes a function out of a handler.
 *
 * @returns what an Edge Function exports by default
 */
export function serve<Input>(
  options: ServeOptions<Input>,
  handler: (input: Input, call: Call) => Promise<Reply | StreamReply>,
): { fetch(request: Request): Promise<Response> } {
  // Bad settings are told when the function boots, not when the first user calls it.
  const settings = readSettings();
  configureLog(settings.logLevels);

  async function answer(request: Request, call: Omit<Call, "userId" | "email" | "token" | "file">) {
    if (request.method !== options.method) {
      throw new ChatArchiveError("method_not_allowed", `use ${options.method}`);
    }
    const caller = await authorize(request, options.access);
    if (caller.userId) call.note({ user_id: caller.userId });
    if (!settings.useDatabase && options.access !== "none") {
      throw new ChatArchiveError("database_disabled", "this deployment runs without a database");
    }
    const input = await readInput(request, options);
    const file = options.accepts && fileOf(request, options.accepts);
    try {
      return await handler(input, { ...call, ...caller, file });
    } finally {
      if (file && request.body && !request.body.locked) await readRest(request.body);
    }
  }

  return {
    async fetch(request) {
      const started = performance.now();
      const requestId = requestIdOf(request);
      const cors = corsHeaders(request, settings.allowedOrigins);
      if (request.method === "OPTIONS") {
        return new Response(null, {
          status: 204,
          headers: { ...cors, ...PREFLIGHT, "x-request-id": requestId },
        });
      }
      const log = createLog("operation", { request_id: requestId });
      let fields: Record<string, unknown> = {};
      const note = (more: Record<string, unknown>) => void (fields = { ...fields, ...more });
      /** The one line of this request, when all of its answer is on its way. */
      const close = (level: LogLevel, outcome: string, more: Record<string, unknown>) =>
        log(level, options.name, {
          ...fields,
          ...more,
          outcome,
          duration_ms: Math.round(performance.now() - started),
        });

      let response: Response;
      try {
        const reply = await answer(request, { signal: request.signal, requestId, settings, note });
        if ("chunks" in reply) {
          response = new Response(
            ReadableStream.from(counted(reply.chunks, request.signal, close)),
            reply,
          );
        } else {
          response = Response.json(reply.body, { status: reply.status });
          close(response.ok ? "info" : "error", response.ok ? "ok" : "error", {
            status: response.status,
          });
        }
      } catch (thrown) {
        const error = asArchiveError(thrown);
        const body: ErrorBody = {
          code: error.code,
          message: error.message,
          ...(error.details ? { details: error.details } : {}),
          request_id: requestId,
        };
        response = Response.json(body, {
          status: error.status,
          headers: error.code === "method_not_allowed" ? { allow: options.method } : {},
        });
        close(error.status >= 500 ? "error" : "info", "error", {
          status: error.status,
          code: error.code,
          // Below 500 the request is to blame, and its parts would be quoted.
          ...(error.status >= 500 && error.cause ? { cause: describeError(error.cause) } : {}),
        });
      }
      const headers = new Headers(response.headers);
      for (const [name, value] of Object.entries(cors)) headers.set(name, value);
      headers.set("x-request-id", requestId);
      return new Response(response.body, { status: response.status, headers });
    },
  };
}
