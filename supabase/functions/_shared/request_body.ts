/**
 * Bodies of requests: JSON within a limit, files as streams, and what is left of either.
 *
 * @module
 */
import { within } from "@shared/async.ts";
import type { Files } from "@shared/contracts/contract.ts";
import { ChatArchiveError } from "@shared/errors.ts";

/** A body that is a file, not read yet. */
export interface BodyFile {
  /** One of those that the function accepts. */
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** Bytes of a JSON request: 1,000 ids have 40 KB. Only many files with long descriptions have more. */
const MAX_JSON_BYTES = 1024 * 1024;
/** Bytes that are read of a body that nobody needs. */
const MAX_REST_BYTES = 1024 * 1024;
/** Milliseconds that this may take. */
const REST_TIMEOUT_MS = 1000;

/** How long a sender may take, in milliseconds. */
export interface BodyTimeouts {
  /** Without a byte. */
  silenceMs: number;
  /** For a whole JSON body. */
  jsonMs: number;
}

/** What a sender gets: whoever sends one byte a minute must not hold an instance. */
const BODY_TIMEOUTS: BodyTimeouts = { silenceMs: 60_000, jsonMs: 60_000 };

function isTimeout(error: unknown) {
  return error instanceof DOMException && error.name === "TimeoutError";
}

/** The chunks of a body; it is cancelled where its sender is silent, and left as it is where the reader stops. */
async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  limitMs: () => number,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(Math.max(limitMs(), 0), () => reader.read());
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (!isTimeout(cause)) throw cause;
    reader.cancel().catch(() => {});
    const message = "the body did not arrive in time";
    throw new ChatArchiveError("invalid_request", `request: ${message}`, {
      cause,
      details: [{ path: [], message }],
    });
  } finally {
    reader.releaseLock();
  }
}

async function collect(
  body: ReadableStream<Uint8Array> | null,
  { silenceMs, jsonMs }: BodyTimeouts,
): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const end = performance.now() + jsonMs;
  const limitMs = () => Math.min(silenceMs, end - performance.now());
  for await (const chunk of chunksOf(body, limitMs)) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) {
      throw new ChatArchiveError(
        "payload_too_large",
        `the body has more than ${MAX_JSON_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).arrayBuffer();
}

/**
 * Reads a JSON body. One without a content type counts as JSON.
 *
 * @throws {ChatArchiveError} `unsupported_media_type`, `payload_too_large`; `invalid_request` where it is no
 *   JSON, or does not arrive in time
 */
export async function readJson(
  request: Request,
  timeouts: BodyTimeouts = BODY_TIMEOUTS,
): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!/^application\/json\b/i.test(type)) {
    throw new ChatArchiveError("unsupported_media_type", "the body must be application/json");
  }
  const bytes = await collect(request.body, timeouts);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ChatArchiveError("invalid_request", "request: the body is not valid JSON", {
      cause,
      details: [{ path: [], message: "the body is not valid JSON" }],
    });
  }
}

/**
 * The body of a request as a file.
 *
 * @param accepts media types that the function takes
 * @throws {ChatArchiveError} `unsupported_media_type`; reading the file, `invalid_request` where its
 *   sender is silent
 */
export function fileOf(
  request: Request,
  accepts: Files,
  { silenceMs }: Pick<BodyTimeouts, "silenceMs"> = BODY_TIMEOUTS,
): BodyFile {
  const given = request.headers.get("content-type") ?? "";
  const contentType = given.split(";")[0]!.trim().toLowerCase();
  const accepted = Object.keys(accepts);
  if (!accepted.includes(contentType)) {
    throw new ChatArchiveError(
      "unsupported_media_type",
      `the body must be ${accepted.join(" or ")}`,
    );
  }
  return { contentType, bytes: chunksOf(request.body, () => silenceMs) };
}

/**
 * Reads what is left of a body. An answer that comes while its sender still writes can get lost with
 * the connection; of a long one it is better to lose the answer.
 */
export async function readRest(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  try {
    await within(REST_TIMEOUT_MS, async () => {
      for (let left = MAX_REST_BYTES; left > 0;) {
        const { done, value } = await reader.read();
        if (done) return;
        left -= value.length;
      }
    });
  } catch {
    // Its sender is gone, or too slow.
  } finally {
    reader.cancel().catch(() => {});
  }
}
