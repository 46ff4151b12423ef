/**
 * Verifies AWS Signature Version 4, in the Authorization header or in the query ("Authenticating
 * Requests (AWS Signature Version 4)", Amazon S3 API Reference), by signing the request again with
 * what it claims and comparing.
 *
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

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

/** Stands in for the hash of a payload that is not signed. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

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

/** "UriEncode" of the reference: all but unreserved characters, in upper-case hexadecimal. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Each part of the path in the one form that is signed. */
function canonicalPath(pathname: string): string {
  try {
    return pathname.split("/").map((part) => uriEncode(decodeURIComponent(part))).join("/");
  } catch {
    throw new SignatureError("InvalidURI", "The path is not valid UTF-8.");
  }
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    // By name, then by value, as bytes.
    .toSorted(([a, x], [b, y]) => a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0)
    .map((pair) => pair.join("="))
    .join("&");
}

function canonicalHeaders({ url, headers }: SignedRequest, names: string[]): string {
  return names.map((name) => {
    const value = name === "host" ? url.host : headers.get(name);
    if (value === null) throw new SignatureError("SignatureDoesNotMatch", `${name} is missing.`);
    return `${name}:${value.trim().replace(/ +/g, " ")}\n`;
  }).join("");
}

/** What a request says of its payload: the hash in hexadecimal, or a word in place of it. */
export function payloadOf({ url, headers }: Omit<SignedRequest, "method">): string {
  return headers.get("x-amz-content-sha256") ?? url.searchParams.get("X-Amz-Content-Sha256") ??
    UNSIGNED_PAYLOAD;
}

const hmac = (key: string | Uint8Array, text: string) =>
  new Uint8Array(createHmac("sha256", key).update(text).digest());

function signAgain(request: SignedRequest, claim: Claim, secret: string, scope: string[]): string {
  const names = claim.signedHeaders.toSorted();
  const canonical = [
    request.method,
    canonicalPath(request.url.pathname),
    canonicalQuery(request.url.searchParams),
    canonicalHeaders(request, names),
    names.join(";"),
    payloadOf(request),
  ].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    claim.date,
    scope.join("/"),
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  const key = scope.reduce<string | Uint8Array>(hmac, `AWS4${secret}`);
  return createHmac("sha256", key).update(toSign).digest("hex");
}

/**
 * Checks who signed a request, when, and that nothing signed was changed.
 *
 * @param now milliseconds since the epoch
 * @throws {SignatureError} where it is unsigned, expired or altered
 */
export function verifySignature(
  request: SignedRequest,
  credentials: BucketCredentials,
  now: number = Date.now(),
): void {
  const claim = claimOf(request);
  const [accessKeyId, ...scope] = claim.credential.split("/");
  if (accessKeyId !== credentials.accessKeyId) {
    throw new SignatureError("InvalidAccessKeyId", "The access key does not exist.");
  }
  const ownScope = [claim.date.slice(0, 8), credentials.region, "s3", "aws4_request"];
  if (scope.join("/") !== ownScope.join("/")) {
    throw new SignatureError("SignatureDoesNotMatch", "The credential scope is wrong.");
  }
  const signedAt = parseDate(claim.date);
  checkTime(claim, signedAt, now);
  checkHeaders(claim, request.headers);
  const signature = signAgain(request, claim, credentials.secretAccessKey, ownScope);
  const [given, right] = [claim.signature, signature].map((text) => new TextEncoder().encode(text));
  if (given!.length !== right!.length || !timingSafeEqual(given!, right!)) {
    throw new SignatureError(
      "SignatureDoesNotMatch",
      "The signature does not match what was requested.",
    );
  }
}
