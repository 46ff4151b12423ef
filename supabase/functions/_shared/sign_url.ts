/**
 * Signs URLs ("Authenticating Requests: Using Query Parameters", Amazon S3 API Reference). The SDK's
 * presigner takes 0.4 ms of CPU for each, so that a list of some thousand links would use up what a
 * function has; this takes a fiftieth, because the key of a day is derived only once.
 *
 * @module
 */
// Not node:crypto: loading it takes a cold function 40 ms of CPU.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { PutRequest } from "./object_store.ts";
import type { BucketSettings } from "./settings.ts";

/** What the answer to a GET says, whatever the object was stored with. */
export interface SignedGet {
  key: string;
  /** Seconds. */
  expiresIn: number;
  contentDisposition?: string;
  contentType?: string;
}

/** A request to sign. */
interface Request {
  method: string;
  key: string;
  /** Seconds. */
  expiresIn: number;
  /** That it must be sent with as they are, by their names in lower case; besides the host. */
  headers?: Record<string, string | number>;
  /** More parameters of the URL. */
  query?: Record<string, string | undefined>;
}

/** Signs a request. */
type Sign = (request: Request, now?: Date) => string;

/** RFC 3986: all but the unreserved characters. */
const encode = (text: string) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Of a URL, which writes an address that is a number in one way only. Loading node:net takes 9 ms. */
const IS_NUMBER = /^\[|^\d+\.\d+\.\d+\.\d+$/;

const mac = (key: Uint8Array, text: string) => hmac(sha256, key, utf8ToBytes(text));

/**
 * Address of the bucket's objects, with `/` at its end.
 *
 * @param endpoint by default AWS itself
 */
export function objectsAddress(
  { region, forcePathStyle, bucket }: BucketSettings,
  endpoint: string | undefined,
): URL {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  // As the SDK does: an address that is a number has no names below it.
  const inPath = forcePathStyle || IS_NUMBER.test(base.hostname);
  if (!inPath) base.hostname = `${bucket}.${base.hostname}`;
  base.pathname = `${base.pathname.replace(/\/$/, "")}${inPath ? `/${bucket}` : ""}/`;
  return base;
}

/** @returns a function that signs, and keeps the key of the day */
function signer(settings: BucketSettings, endpoint: string | undefined): Sign {
  const { accessKeyId, secretAccessKey, region } = settings;
  const base = objectsAddress(settings, endpoint);
  let day = "";
  let dayKey: Uint8Array = new Uint8Array();

  return ({ method, key, expiresIn, headers = {}, query = {} }, now = new Date()) => {
    const time = now.toISOString().replace(/\.\d+|[-:]/g, "");
    const date = time.slice(0, 8);
    if (date !== day) {
      dayKey = ["s3", "aws4_request"].reduce(
        mac,
        mac(mac(utf8ToBytes(`AWS4${secretAccessKey}`), date), region),
      );
      day = date;
    }
    const scope = `${date}/${region}/s3/aws4_request`;
    const bound = Object.entries({ ...headers, host: base.host }).toSorted();
    const names = bound.map(([name]) => name).join(";");
    // Both in the order of their names, as the canonical request wants them.
    const parameters = Object.entries({
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": `${accessKeyId}/${scope}`,
      "X-Amz-Date": time,
      "X-Amz-Expires": String(expiresIn),
      "X-Amz-SignedHeaders": names,
      ...query,
    }).flatMap(([name, value]) => value === undefined ? [] : [`${name}=${encode(value)}`])
      .toSorted().join("&");
    const path = base.pathname + key.split("/").map(encode).join("/");
    const lines = bound.map(([name, value]) => `${name}:${value}`);
    const canonical = [method, path, parameters, ...lines, "", names, "UNSIGNED-PAYLOAD"];
    const digest = bytesToHex(sha256(utf8ToBytes(canonical.join("\n"))));
    const signature = bytesToHex(
      mac(dayKey, ["AWS4-HMAC-SHA256", time, scope, digest].join("\n")),
    );
    return `${base.origin}${path}?${parameters}&X-Amz-Signature=${signature}`;
  };
}

/** @returns a function that signs GETs */
export function getSigner(
  settings: BucketSettings,
  endpoint: string | undefined,
): (request: SignedGet, now?: Date) => string {
  const sign = signer(settings, endpoint);
  return ({ key, expiresIn, contentDisposition, contentType }, now) => {
    const query = {
      "response-content-disposition": contentDisposition,
      "response-content-type": contentType,
    };
    return sign({ method: "GET", key, expiresIn, query }, now);
  };
}

/** @returns a function that signs PUTs, each bound to key, exact length and type */
export function putSigner(
  settings: BucketSettings,
  endpoint: string | undefined,
): (request: PutRequest, now?: Date) => string {
  const sign = signer(settings, endpoint);
  return ({ key, contentType, size, expiresIn }, now) =>
    sign({
      method: "PUT",
      key,
      expiresIn,
      headers: { "content-length": size, "content-type": contentType },
      // As the SDK's presigner has them, so that a bucket sees no difference.
      query: { "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "x-id": "PutObject" },
    }, now);
}
