/**
 * Patch of fauxqs 2.4.1: it ignores `x-amz-copy-source-if-match`, and copies whatever is there.
 *
 * Not reported: no report was found among the issues of kibertoad/fauxqs.
 *
 * @module
 */
import type { Send } from "./fauxqs_listen.ts";

const unquoted = (etag: string | null) => etag?.replaceAll('"', "");

/** Does a copy's condition fail? Its source has another ETag then. */
export async function copyConditionFails(send: Send, headers: Headers): Promise<boolean> {
  const expected = headers.get("x-amz-copy-source-if-match");
  const source = headers.get("x-amz-copy-source");
  if (!expected || !source) return false;
  const path = source.startsWith("/") ? source : `/${source}`;
  const found = await send(path, { method: "HEAD" });
  return found.ok && unquoted(found.headers.get("etag")) !== unquoted(expected);
}
