/**
 * Patch of @supabase/lite 0.10.0: browsers can't call it. It answers preflights of /auth/v1 without
 * headers and those of /rest/v1/rpc with 404, and its answers to a sign-in name no origin. The
 * platform's gateway adds what is missing.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */

/** Answers a preflight; null where the request is something else. */
export function preflight(request: Request): Response | null {
  if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) {
    return null;
  }
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "86400",
    },
  });
}

/** Lets pages of any origin read an answer. */
export function readable(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("access-control-allow-origin", "*");
  // Refused by browsers beside any origin, and nothing here uses cookies.
  headers.delete("access-control-allow-credentials");
  return new Response(response.body, { status: response.status, headers });
}
