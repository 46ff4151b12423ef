/**
 * Requests that differ from the PUT that was signed: one list for the tests and for the probe of any
 * bucket (tests/storage/probe.ts). Each must be refused.
 *
 * @module
 */
import type { PutRequest } from "../../../supabase/functions/_shared/object_store.ts";
import { type Answer, CONTENT_TYPE, send } from "./signed_put.ts";
import type { Scratch } from "./scratch_in.ts";

/** What is signed for. */
export const SIGNED_BYTES: Uint8Array<ArrayBuffer> = new TextEncoder().encode("0123456789");

/** Milliseconds until a URL that lives one second is dead on a bucket whose clock counts whole seconds. */
const DEAD_AFTER_MS = 2100;

/** Signs a PUT of the bytes to a key. @param key within the place */
export function signedUrl(
  { store, prefix }: Scratch,
  key: string,
  changes: Partial<PutRequest> = {},
): Promise<string> {
  const size = SIGNED_BYTES.length;
  const request = { key: prefix + key, contentType: CONTENT_TYPE, size, expiresIn: 60 };
  return store.presignPut({ ...request, ...changes });
}

/** PUTs the bytes. */
export function plainPut(url: string | URL, init: RequestInit = {}): Promise<Answer> {
  const headers = { "content-type": CONTENT_TYPE };
  return send(String(url), { method: "PUT", headers, body: SIGNED_BYTES, ...init });
}

/** By what they do otherwise, each as a function that sends it. */
export function alteredPuts(place: Scratch): Record<string, () => Promise<Answer>> {
  const sign = (key = "a") => signedUrl(place, key);
  const changed = async (change: (url: URL) => void, key?: string) => {
    const url = new URL(await sign(key));
    change(url);
    return await plainPut(url);
  };
  const as = async (init: RequestInit) => await plainPut(await sign(), init);
  const expired = signedUrl(place, "expired", { expiresIn: 1 })
    .then((url) => ({ url, signedAt: Date.now() }));
  return {
    "a byte more": () => as({ body: new Uint8Array(11) }),
    "a byte less": () => as({ body: new Uint8Array(9) }),
    "no bytes": () => as({ body: new Uint8Array() }),
    "another type": () => as({ headers: { "content-type": "text/html" } }),
    "no type": () => as({ headers: {} }),
    "a chunked body": () => as({ body: new Blob([SIGNED_BYTES]).stream() }),
    "another path": () => changed((url) => url.pathname += "b"),
    "a longer life": () => changed((url) => url.searchParams.set("X-Amz-Expires", "600")),
    "one parameter more": () => changed((url) => url.searchParams.set("acl", "")),
    "fewer signed headers": () =>
      changed((url) => url.searchParams.set("X-Amz-SignedHeaders", "host")),
    "no signature": () => changed((url) => url.search = ""),
    "a signature of another key": () =>
      changed((url) => url.pathname = url.pathname.replace(/b$/, "a"), "b"),
    "POST": () => as({ method: "POST" }),
    "DELETE": async () => await send(await sign(), { method: "DELETE" }),
    "GET": async () => await send(await sign()),
    "an expired URL": async () => {
      const { url, signedAt } = await expired;
      await new Promise((done) => setTimeout(done, signedAt + DEAD_AFTER_MS - Date.now()));
      return await plainPut(url);
    },
  };
}
