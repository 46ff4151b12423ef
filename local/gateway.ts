/**
 * The one address of the stack, with the platform's paths.
 *
 * @module
 */
import { S3_PATH } from "./bucket.ts";
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

/** A running gateway. */
export interface Gateway {
  port: number;
  stop(): Promise<void>;
}

const ANY_ORIGIN = { "access-control-allow-origin": "*" };

async function route(request: Request, peer: string, parts: GatewayParts): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/auth/v1/.well-known/jwks.json") {
    return Response.json(parts.tokens.jwks, { headers: ANY_ORIGIN });
  }
  if (/^\/(rest|auth)\/v1(\/|$)/.test(pathname)) return await parts.api.fetch(request, peer);
  if (pathname.startsWith("/functions/v1/")) return await parts.functions.fetch(request);
  if (pathname.startsWith(`${S3_PATH}/`) && parts.bucket) return await parts.bucket(request);
  return Response.json({ message: "no Route matched with those values" }, {
    status: 404,
    headers: ANY_ORIGIN,
  });
}

/** Listens on 127.0.0.1. @param port 0 picks a free one */
export function startGateway(
  port: number,
  handler: (request: Request, peer: string) => Promise<Response>,
): Gateway {
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
    (request, { remoteAddr }) => handler(request, remoteAddr.hostname),
  );
  return {
    port: server.addr.port,
    async stop() {
      // A client that keeps a stream open must not keep the stack up.
      await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 1000))]);
    },
  };
}

/** Routes by path, as the platform's gateway does. */
export function createRouter(parts: GatewayParts) {
  return (request: Request, peer: string) => route(request, peer, parts);
}
