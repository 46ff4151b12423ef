/**
 * What PostgREST refuses and the embedded stack's stand-in for it lets through: a test that does it
 * would pass here and fail on the platform.
 *
 * @module
 */

/** An answer as PostgREST words it. */
function refusal(code: string, message: string): Response {
  return Response.json({ code, message, details: null, hint: null }, { status: 400 });
}

/** A write's result can be ordered only by columns that it selects. */
function orderFault(url: URL): Response | undefined {
  const selected = url.searchParams.get("select")?.split(",") ?? ["*"];
  if (selected.includes("*")) return;
  const ordered = url.searchParams.get("order")?.split(",").map((one) => one.split(".")[0]!) ?? [];
  const missing = ordered.find((column) => !selected.includes(column));
  if (missing === undefined) return;
  return refusal("42703", `column ${missing} is not selected: the result can't be ordered by it`);
}

/** Of rows with different keys, what is missing becomes null, also where the column has a default. */
function keysFault(body: unknown, headers: Headers): Response | undefined {
  if (typeof body !== "string" || headers.get("prefer")?.includes("missing=default")) return;
  const rows: unknown = JSON.parse(body);
  if (!Array.isArray(rows)) return;
  const keys = new Set(rows.map((row) => Object.keys(row).toSorted().join(", ")));
  if (keys.size < 2) return;
  return refusal("23502", `the rows of a batch differ in their keys: ${[...keys].join("; ")}`);
}

/**
 * `fetch` for a client of the API: refuses what PostgREST refuses, and sends the rest.
 *
 * @param send what sends it, by default `fetch` as it is when the request is made
 */
export function strictRest(send?: typeof fetch): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? "GET";
    const writes = ["POST", "PATCH", "DELETE"].includes(method) &&
      url.pathname.includes("/rest/v1/") && !url.pathname.includes("/rpc/");
    const fault = writes
      ? orderFault(url) ?? keysFault(init?.body, new Headers(init?.headers))
      : undefined;
    return fault ? Promise.resolve(fault) : (send ?? fetch)(input, init);
  };
}
