/**
 * A bucket as the most lenient S3 servers have it. It knows who has signed, when, for which key, length
 * and type; but it takes headers that nobody signed (`x-amz-copy-source` makes a signed PUT a copy with
 * the signer's rights), ignores conditions and ACLs, gives ETags without quotes, keeps every encoding,
 * and answers for a bucket that is missing as if it were empty.
 *
 * @module
 */
import { SignatureError, verifySignature } from "../../../stack/signature.ts";
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";
import {
  copy,
  deleteMany,
  list,
  type Objects,
  read,
  store,
  xml,
  xmlError,
} from "./lenient_objects.ts";

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD, PUT",
  "access-control-allow-headers": "*",
};

/** The headers that were signed; of the others those that are not S3's. */
function withoutUnsigned({ headers }: Request, { searchParams }: URL): Headers {
  const signed = searchParams.get("X-Amz-SignedHeaders") ??
    /SignedHeaders=([^,]+)/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
  const names = signed.split(";");
  return new Headers(
    [...headers].filter(([name]) => !name.startsWith("x-amz-") || names.includes(name)),
  );
}

/** Bucket and key of a path, or of `x-amz-copy-source`. */
function locationOf(path: string): [bucket: string, key: string] {
  const [, bucket = "", key = ""] = /^\/?([^/]*)\/?(.*)$/.exec(path) ?? [];
  return [bucket, decodeURIComponent(key)];
}

async function answer(request: Request, url: URL, own: string, objects: Objects) {
  const { method, headers } = request;
  const [bucket, key] = locationOf(url.pathname);
  const there = bucket === own;
  if (key === "") {
    if (method === "HEAD") return new Response(null, { status: there ? 200 : 404 });
    if (method === "POST" && url.searchParams.has("delete")) {
      return await deleteMany(there ? objects : new Map(), request);
    }
    if (method === "GET" && url.searchParams.get("list-type") === "2") {
      return list(there ? objects : new Map(), url);
    }
    if (method === "GET" && url.searchParams.has("versioning")) {
      return xml("<VersioningConfiguration/>");
    }
    return xmlError(501, "NotImplemented");
  }
  const source = headers.get("x-amz-copy-source");
  if (method === "PUT" && source !== null) {
    const [from, name] = locationOf(source);
    return copy(there && from === own ? objects : new Map(), name, key, request);
  }
  if (method === "PUT") {
    const bytes = await request.bytes();
    return there ? store(objects, key, request, bytes) : xmlError(404, "NoSuchBucket");
  }
  if (method === "GET" || method === "HEAD") {
    return read(there ? objects : new Map(), key, request, url);
  }
  if (method === "DELETE") {
    if (there) objects.delete(key);
    return there ? new Response(null, { status: 204 }) : xmlError(404, "NoSuchBucket");
  }
  return xmlError(405, "MethodNotAllowed");
}

/** A running lenient bucket, empty. */
export interface LenientBucket extends AsyncDisposable {
  settings: BucketSettings;
}

/**
 * Starts one in this process.
 *
 * @param instead answers in its place, before anything is checked, where it gives something
 */
export function startLenientBucket(
  instead: (request: Request, url: URL) => Response | undefined = () => undefined,
): LenientBucket {
  const credentials = {
    accessKeyId: crypto.randomUUID(),
    secretAccessKey: crypto.randomUUID(),
    region: "us-east-1",
  };
  const bucket = "lenient";
  const objects: Objects = new Map();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      const other = instead(request, url);
      if (other) return other;
      if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
      let response: Response;
      try {
        const headers = withoutUnsigned(request, url);
        verifySignature({ method: request.method, url, headers }, credentials);
        response = await answer(request, url, bucket, objects);
      } catch (error) {
        if (!(error instanceof SignatureError)) throw error;
        response = xmlError(403, error.code, request.method === "HEAD");
      }
      for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
      return response;
    },
  );
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  return {
    settings: { ...credentials, endpoint, publicEndpoint: endpoint, bucket, forcePathStyle: true },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
