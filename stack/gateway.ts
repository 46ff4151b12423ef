/**
 * The one address of the stack, with the platform's paths.
 *
 * @module
 */
import { within } from "@shared/async.ts";
import { S3_PATH } from "./bucket.ts";
import type { DatabaseApi } from "./database_api.ts";
import type { FunctionsServer } from "./functions.ts";
import type { Page } from "./page.ts";
import { isSenderGone } from "./patches/deno_closed_requests.ts";
import { preflight, readable } from "./patches/lite_cors.ts";
import type { TokenTranslator } from "./patches/lite_tokens.ts";

/** What the gateway sends requests to. */
export interface GatewayParts {
  api: DatabaseApi;
  functions: FunctionsServer;
  /** Undefined where the bucket is elsewhere. */
  bucket: ((request: Request) => Promise<Response>) | undefined;
  tokens: TokenTranslator;
  page: Page;
}

const ANY_ORIGIN = { "access-control-allow-origin": "*" };
/** For requests under way at the end: a client that keeps a stream open must not keep the stack up. */
const SHUTDOWN_TIMEOUT_MS = 1000;

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
  return await parts.page.fetch(request) ??
    Response.json({ message: "no Route matched with those values" }, {
      status: 404,
      headers: ANY_ORIGIN,
    });
}

/** An answer to a request that failed here; it is logged unless its sender has gone. */
function answerTo(request: Request, error: unknown): Response {
  if (isSenderGone(request, error)) return new Response(null, { status: 499 });
  console.warn(`gateway: ${error}`);
  return Response.json({ message: "internal error" }, { status: 500, headers: ANY_ORIGIN });
}

/** Listens on 127.0.0.1, and routes by path, as the platform's gateway does. */
export function startGateway(port: number, parts: GatewayParts): { stop(): Promise<void> } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request, { remoteAddr }) =>
      route(request, remoteAddr.hostname, parts).catch((error) => answerTo(request, error)),
  );
  return {
    stop: () => within(SHUTDOWN_TIMEOUT_MS, () => server.shutdown()).catch(() => {}),
  };
}
