/**
 * Objects in memory, and the few S3 operations on them that this project uses. Nothing is checked.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Stored with the bytes, and given back with them. */
const KEPT = /^(content-(type|encoding|language|disposition)|cache-control|expires|x-amz-meta-.*)$/;
/** What a GET may set instead, as query parameters. */
const OVERRIDES = ["content-type", "content-disposition", "content-encoding", "cache-control"];
const KEYS_PER_PAGE = 1000;

interface StoredObject {
  bytes: Uint8Array<ArrayBuffer>;
  headers: [string, string][];
  etag: string;
  modified: Date;
}

/** The objects of a bucket, by key. */
export type Objects = Map<string, StoredObject>;

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const unescape = (text: string) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");

/** An answer in XML. */
export function xml(body: string, status = 200): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`, {
    status,
    headers: { "content-type": "application/xml" },
  });
}

/** An error; without a body where the request was a HEAD. */
export function xmlError(status: number, code: string, head = false): Response {
  return head ? new Response(null, { status }) : xml(`<Error><Code>${code}</Code></Error>`, status);
}

/** Stores bytes. The ETag has no quotes. */
export function store(objects: Objects, key: string, request: Request, bytes: Bytes): Response {
  const etag = createHash("md5").update(bytes).digest("hex");
  const headers = [...request.headers].filter(([name]) => KEPT.test(name));
  objects.set(key, { bytes, headers, etag, modified: new Date() });
  return new Response(null, { headers: { etag } });
}

type Bytes = StoredObject["bytes"];

/** Copies an object, whatever its version; its headers go with it unless they are replaced. */
export function copy(objects: Objects, from: string, key: string, request: Request): Response {
  const source = objects.get(from);
  if (!source) return xmlError(404, "NoSuchKey");
  const replaced = request.headers.get("x-amz-metadata-directive") === "REPLACE";
  const headers = replaced
    ? [...request.headers].filter(([name]) => KEPT.test(name))
    : source.headers;
  const modified = new Date();
  objects.set(key, { ...source, headers, modified });
  return xml(
    `<CopyObjectResult><LastModified>${modified.toISOString()}</LastModified>` +
      `<ETag>${source.etag}</ETag></CopyObjectResult>`,
  );
}

/** Answers GET and HEAD; conditions are ignored. */
export function read(objects: Objects, key: string, request: Request, url: URL): Response {
  const head = request.method === "HEAD";
  const object = objects.get(key);
  if (!object) return xmlError(404, "NoSuchKey", head);
  const { bytes, etag, modified } = object;
  const headers = new Headers(object.headers);
  headers.set("etag", etag);
  headers.set("last-modified", modified.toUTCString());
  for (const name of OVERRIDES) {
    const value = url.searchParams.get(`response-${name}`);
    if (value !== null) headers.set(name, value);
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(last ? Number(last) + 1 : bytes.length, bytes.length);
  if (first !== undefined && start >= bytes.length) return xmlError(416, "InvalidRange", head);
  if (first !== undefined) {
    headers.set("content-range", `bytes ${start}-${end - 1}/${bytes.length}`);
  }
  headers.set("content-length", String(end - start));
  return new Response(head ? null : bytes.subarray(start, end), {
    status: first === undefined ? 200 : 206,
    headers,
  });
}

/** ListObjectsV2. A continuation token is the last key of the page before. */
export function list(objects: Objects, { searchParams }: URL): Response {
  const prefix = searchParams.get("prefix") ?? "";
  const after = searchParams.get("continuation-token") ?? searchParams.get("start-after") ?? "";
  const most = Number(searchParams.get("max-keys") ?? KEYS_PER_PAGE);
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, most);
  const more = page.length < keys.length;
  const contents = page.map((key) => {
    const { bytes, etag, modified } = objects.get(key)!;
    return `<Contents><Key>${escape(key)}</Key><Size>${bytes.length}</Size><ETag>${etag}</ETag>` +
      `<LastModified>${modified.toISOString()}</LastModified></Contents>`;
  });
  return xml(
    `<ListBucketResult><IsTruncated>${more}</IsTruncated>` +
      (more ? `<NextContinuationToken>${escape(page.at(-1)!)}</NextContinuationToken>` : "") +
      `${contents.join("")}</ListBucketResult>`,
  );
}

/** DeleteObjects. */
export async function deleteMany(objects: Objects, request: Request): Promise<Response> {
  const body = await request.text();
  for (const [, key] of body.matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(unescape(key!));
  return xml("<DeleteResult/>");
}
