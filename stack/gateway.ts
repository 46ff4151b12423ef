/**
 * The one address of the stack, with the platform's paths.
 *
 * @module
 */
import { S3_PATH } from "./bucket.ts";
import { preflight, readable } from "./cors.ts";
import type { DatabaseApi } from "./database_api.ts";
import type { FunctionsServer } from "./functions.ts";
import type { TokenTranslator } from "./tokens.ts";

/** What the gateway sends requests to. */
export interface GatewayParts {
  api: DatabaseApi;
  functions: FunctionsServer;
  /** Undefined where the bucket is elsewhere. */
  bucket: ((request: Request) => Promise<Response>) | undefined;
  tokens: TokenTranslator;
}

const ANY_ORIGIN = { "access-control-allow-origin": "*" };

async function route(request: Request, peer: string, parts: GatewayParts): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/auth/v1/.well-known/jwks.json") {
    return Response.json(parts.tokens.jwks, { headers: ANY_ORIGIN });
  }
  if (/^\/(rest|auth)\/v1(\/|$)/.test(pathname)) {
    return preflight(request) ?? readable(await parts.api.fetch(request, peer));
  }
  if (pathname.startsWith("/functions/v1/")) return await parts.functions.fetch(request);
  if (pathname.startsWith(`${S3_PATH}/`) && parts.bucket) return await parts.bucket(request);
  return Response.json({ message: "no Route matched with those values" }, {
    status: 404,
    headers: ANY_ORIGIN,
  });
}

/** Listens on 127.0.0.1, and routes by path, as the platform's gateway does. */
export function startGateway(port: number, parts: GatewayParts): { stop(): Promise<void> } {
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port,
      onListen: () => {},
      onError: (error) => {
        console.warn(`gateway: ${error}`);
        return Response.json({ message: "internal error" }, { status: 500, headers: ANY_ORIGIN });
      },
    },
    (request, { remoteAddr }) => route(request, remoteAddr.hostname, parts),
  );
  return {
    async stop() {
      // A client that keeps a stream open must not keep the stack up.
      await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 1000))]);
    },
  };
}
