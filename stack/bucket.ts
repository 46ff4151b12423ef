/**
 * `/storage/v1/s3`: the embedded bucket. A gate that checks signatures, as real buckets do, in front
 * of an object server that does not.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ObjectServer } from "./object_server.ts";
import { copyConditionFails } from "./patches/fauxqs_copy_conditions.ts";
import { overrideHeaders } from "./patches/fauxqs_response_headers.ts";
import {
  type BucketCredentials,
  payloadOf,
  SignatureError,
  UNSIGNED_PAYLOAD,
  verifySignature,
} from "./signature.ts";

/** Where the endpoint lies on the gateway. */
export const S3_PATH = "/storage/v1/s3";

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "ETag, Content-Length, Content-Range, x-amz-request-id",
};

/** Headers that belong to one hop, or that only the gate reads. */
const NOT_FORWARDED =
  /^(authorization|host|connection|content-length|expect|accept-encoding|x-amz-date|x-amz-content-sha256|x-amz-copy-source-if-match)$/;

function xmlError(status: number, code: string, message: string, head: boolean): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>` +
    `<Message>${message}</Message></Error>`;
  return new Response(head ? null : body, {
    status,
    headers: { ...CORS, "content-type": "application/xml" },
  });
}

function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "access-control-allow-methods": "GET, PUT, HEAD, POST, DELETE",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
    },
  });
}

async function readBody(request: Request, url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!request.body) return undefined;
  const body = await request.bytes();
  const claimed = payloadOf({ url, headers: request.headers });
  if (claimed !== UNSIGNED_PAYLOAD && !/^[0-9a-f]{64}$/.test(claimed)) {
    // Such a body carries signatures between its chunks, which would be stored with it.
    throw new SignatureError("InvalidRequest", `The payload form ${claimed} is not supported.`);
  }
  if (claimed !== UNSIGNED_PAYLOAD) {
    if (createHash("sha256").update(body).digest("hex") !== claimed) {
      throw new SignatureError("XAmzContentSHA256Mismatch", "The body is not the one signed.");
    }
  }
  return body;
}

/** Bucket and key, `/<bucket>/<key>`, of a request in path style or in virtual-host style. */
function objectPath({ hostname, pathname }: URL): string {
  const path = pathname.slice(S3_PATH.length);
  const [, bucket] = /^(.+)\.localhost$/.exec(hostname) ?? [];
  return bucket === undefined ? path : `/${bucket}${path}`;
}

/** Hands a request on whose signature is right. */
async function forward(
  { send }: ObjectServer,
  { method, headers }: Request,
  url: URL,
  body: Uint8Array<ArrayBuffer> | undefined,
): Promise<Response> {
  const query = new URLSearchParams(
    [...url.searchParams].filter(([name]) => !/^(X-Amz-|response-)/.test(name)),
  );
  const answer = await send(objectPath(url) + (query.size ? `?${query}` : ""), {
    method,
    // identity: fetch would unpack what was stored with a Content-Encoding.
    headers: [
      ...[...headers].filter(([name]) => !NOT_FORWARDED.test(name)),
      ["accept-encoding", "identity"],
    ],
    ...(body ? { body } : {}),
  });
  const out = new Headers(answer.headers);
  for (const [name, value] of Object.entries(CORS)) out.set(name, value);
  if (answer.ok) overrideHeaders(out, url.searchParams);
  return new Response(answer.body, { status: answer.status, headers: out });
}

/** Answers S3 requests below {@link S3_PATH}. */
export function createBucket(
  objects: ObjectServer,
  credentials: BucketCredentials,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "OPTIONS") return preflight(request);
    const url = new URL(request.url);
    const head = request.method === "HEAD";
    let body: Uint8Array<ArrayBuffer> | undefined;
    try {
      verifySignature({ method: request.method, url, headers: request.headers }, credentials);
      body = await readBody(request, url);
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      return xmlError(403, error.code, error.message, head);
    }
    if (await copyConditionFails(objects.send, request.headers)) {
      return xmlError(412, "PreconditionFailed", "The source has another ETag.", head);
    }
    return await forward(objects, request, url, body);
  };
}
