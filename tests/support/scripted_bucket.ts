/** A server on loopback that answers S3 requests as a test says, and remembers them. */
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";

/** A request that came. */
export interface SeenRequest {
  method: string;
  url: URL;
  headers: Headers;
  /** As far as it came. */
  body: string;
}

/** The server. */
export interface ScriptedBucket extends AsyncDisposable {
  settings: BucketSettings;
  seen: SeenRequest[];
}

/** An error as S3 words it. */
export function s3Error(status: number, code: string): Response {
  return new Response(`<Error><Code>${code}</Code><Message>no</Message></Error>`, {
    status,
    headers: { "content-type": "application/xml" },
  });
}

/** @param answer to each request; one that never settles is a bucket that keeps silent */
export function startScriptedBucket(
  answer: (request: SeenRequest, index: number) => Response | Promise<Response>,
): ScriptedBucket {
  const seen: SeenRequest[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response(null) },
    async (request) => {
      const body = await request.text().catch(() => "");
      const one = {
        method: request.method,
        url: new URL(request.url),
        headers: request.headers,
        body,
      };
      return await answer(one, seen.push(one) - 1);
    },
  );
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  return {
    seen,
    settings: {
      endpoint,
      publicEndpoint: endpoint,
      region: "local",
      bucket: "scripted",
      accessKeyId: "key",
      secretAccessKey: "secret",
      forcePathStyle: true,
    },
    async [Symbol.asyncDispose]() {
      // A bucket that keeps silent would never be done.
      await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 50))]);
    },
  };
}
