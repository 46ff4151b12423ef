/**
 * Patch of fauxqs 2.4.1: it ignores the parameters by which a signed GET sets headers of its answer,
 * such as `response-content-disposition`.
 *
 * Not reported: no report was found among the issues of kibertoad/fauxqs.
 *
 * @module
 */

/** What may be set (GetObject, "Overriding response header values"). */
const OVERRIDES = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
];

/** Sets the headers of a successful answer that its request asked for. */
export function overrideHeaders(headers: Headers, query: URLSearchParams): void {
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`);
    if (value !== null) headers.set(name, value);
  }
}
