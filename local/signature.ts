/**
 * Verifies AWS Signature Version 4, in the Authorization header or in the query ("Authenticating
 * Requests (AWS Signature Version 4)", Amazon S3 API Reference), by signing the request again with
 * what it claims and comparing.
 *
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

/** The one key that the embedded bucket knows. */
export interface BucketCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** Why a request is refused: an S3 error code and a sentence. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The parts of a request that a signature covers. */
export interface SignedRequest {
  method: string;
  /** As sent: host, encoded path and query. */
  url: URL;
  headers: Headers;
}

/** How far the clocks of client and server may be apart, in milliseconds (AWS: 15 minutes). */
const CLOCK_SKEW = 15 * 60 * 1000;
/** AWS: a URL lives at most 7 days. */
const MAX_EXPIRES = 7 * 24 * 60 * 60;

/** SHA-256 in the shape that the signer asks for. */
class Sha256 {
  #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined
      ? createHash("sha256")
      : createHmac("sha256", secret as string | Uint8Array);
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    this.#hash.update(data as string | Uint8Array);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset() {}
}

interface Claim {
  credential: string;
  signedHeaders: string[];
  signature: string;
  date: string;
  /** Seconds; in the query form only. */
  expires?: number;
}

function claimOf({ url, headers }: SignedRequest): Claim {
  const authorization = headers.get("authorization");
  const query = url.searchParams;
  if (authorization && query.has("X-Amz-Signature")) {
    throw new SignatureError("InvalidArgument", "Only one auth mechanism allowed.");
  }
  if (authorization) {
    const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/
      .exec(authorization);
    if (!match) throw new SignatureError("InvalidArgument", "Unsupported Authorization Type.");
    return {
      credential: match[1]!,
      signedHeaders: match[2]!.split(";"),
      signature: match[3]!,
      date: headers.get("x-amz-date") ?? "",
    };
  }
  const signature = query.get("X-Amz-Signature");
  if (!signature || query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") {
    throw new SignatureError("AccessDenied", "Anonymous access is forbidden.");
  }
  return {
    credential: query.get("X-Amz-Credential") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature,
    date: query.get("X-Amz-Date") ?? "",
    expires: Number(query.get("X-Amz-Expires")),
  };
}

function parseDate(text: string): Date {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) throw new SignatureError("AccessDenied", "The date of the signature is missing.");
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return new Date(Date.UTC(year!, month! - 1, day!, hour!, minute!, second!));
}

function checkTime(claim: Claim, signedAt: Date, now: number) {
  const age = now - signedAt.getTime();
  if (claim.expires === undefined) {
    if (Math.abs(age) > CLOCK_SKEW) {
      throw new SignatureError(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
      );
    }
    return;
  }
  if (!Number.isInteger(claim.expires) || claim.expires < 1 || claim.expires > MAX_EXPIRES) {
    throw new SignatureError("AuthorizationQueryParametersError", "X-Amz-Expires is out of range.");
  }
  if (age < -CLOCK_SKEW) throw new SignatureError("AccessDenied", "Request is not yet valid.");
  if (age > claim.expires * 1000) throw new SignatureError("AccessDenied", "Request has expired.");
}

function checkHeaders(claim: Claim, headers: Headers) {
  if (!claim.signedHeaders.includes("host")) {
    throw new SignatureError("AccessDenied", "The host header must be signed.");
  }
  // An unsigned x-amz-copy-source would turn a signed PUT into a copy of anything.
  for (const name of headers.keys()) {
    if (name.startsWith("x-amz-") && !claim.signedHeaders.includes(name)) {
      throw new SignatureError("AccessDenied", `The header ${name} was not signed.`);
    }
  }
}

function queryBag(query: URLSearchParams): Record<string, string | string[]> {
  const bag: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    if (name === "X-Amz-Signature") continue;
    const values = query.getAll(name);
    bag[name] = values.length === 1 ? values[0]! : values;
  }
  return bag;
}

async function signAgain(
  request: SignedRequest,
  claim: Claim,
  credentials: BucketCredentials,
  signingDate: Date,
): Promise<string> {
  const signer = new SignatureV4({
    service: "s3",
    region: credentials.region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const names = new Set(claim.signedHeaders);
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = name === "host" ? request.url.host : request.headers.get(name);
    if (value === null) throw new SignatureError("SignatureDoesNotMatch", `${name} is missing.`);
    headers[name] = value;
  }
  const again = {
    method: request.method,
    protocol: request.url.protocol,
    hostname: request.url.hostname,
    path: request.url.pathname,
    query: queryBag(request.url.searchParams),
    headers,
  };
  if (claim.expires === undefined) {
    const signed = await signer.sign(again, { signingDate, signableHeaders: names });
    return /Signature=(\w+)/.exec(signed.headers["authorization"] ?? "")?.[1] ?? "";
  }
  // The payload of a presigned request is not part of its signature.
  const payload = "x-amz-content-sha256";
  if (!names.has(payload)) headers[payload] = "UNSIGNED-PAYLOAD";
  const signed = await signer.presign(again, {
    signingDate,
    expiresIn: claim.expires,
    signableHeaders: names,
    unhoistableHeaders: new Set([...names, payload]),
    ...(names.has(payload) ? {} : { unsignableHeaders: new Set([payload]) }),
  });
  return String(signed.query?.["X-Amz-Signature"]);
}

/**
 * Checks who signed a request, when, and that nothing signed was changed.
 *
 * @param now milliseconds since the epoch
 * @throws {SignatureError} where it is unsigned, expired or altered
 */
export async function verifySignature(
  request: SignedRequest,
  credentials: BucketCredentials,
  now: number = Date.now(),
): Promise<void> {
  const claim = claimOf(request);
  const [accessKeyId, ...scope] = claim.credential.split("/");
  if (accessKeyId !== credentials.accessKeyId) {
    throw new SignatureError("InvalidAccessKeyId", "The access key does not exist.");
  }
  const expected = [claim.date.slice(0, 8), credentials.region, "s3", "aws4_request"];
  if (scope.join("/") !== expected.join("/")) {
    throw new SignatureError("SignatureDoesNotMatch", "The credential scope is wrong.");
  }
  const signedAt = parseDate(claim.date);
  checkTime(claim, signedAt, now);
  checkHeaders(claim, request.headers);
  const signature = await signAgain(request, claim, credentials, signedAt);
  const [given, right] = [claim.signature, signature].map((text) => new TextEncoder().encode(text));
  if (given!.length !== right!.length || !timingSafeEqual(given!, right!)) {
    throw new SignatureError(
      "SignatureDoesNotMatch",
      "The signature does not match what was requested.",
    );
  }
}
