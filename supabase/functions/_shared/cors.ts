/** Headers that let pages of the allowed origins read an answer. @param origins `*` is any */
export function corsHeaders(request: Request, origins: string[]): Record<string, string> {
  const origin = request.headers.get("origin");
  const any = origins.includes("*");
  return {
    ...(any ? { "access-control-allow-origin": "*" } : { vary: "origin" }),
    ...(!any && origin && origins.includes(origin)
      ? { "access-control-allow-origin": origin }
      : {}),
    "access-control-expose-headers": "x-request-id, retry-after, content-disposition, x-next-after",
  };
}

/** What a browser asks before it sends a request: headers of that answer, beside the others. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "authorization, apikey, content-type, x-client-info, x-request-id",
  "access-control-max-age": "3600",
};
