/**
 * A signed PUT in hostile hands: sent with headers that nobody signed.
 *
 * @module
 */
import type { ObjectStore } from "../../../supabase/functions/_shared/object_store.ts";

/** The type that the PUTs of tests are signed for. */
export const CONTENT_TYPE = "image/png";

/** What came of a request, read. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Sends a request whose answer is not unpacked, whatever its encoding. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set("accept-encoding", "identity");
  const response = await fetch(url, { ...init, headers });
  return {
    status: response.status,
    headers: response.headers,
    bytes: await response.bytes(),
  };
}

/** PUTs bytes to a URL that is signed for them, with more headers than were signed. */
export async function hostilePut(
  store: ObjectStore,
  key: string,
  body: Uint8Array<ArrayBuffer>,
  unsigned: Record<string, string> = {},
): Promise<Answer> {
  const url = await store.presignPut({
    key,
    contentType: CONTENT_TYPE,
    size: body.length,
    expiresIn: 60,
  });
  return await send(url, {
    method: "PUT",
    headers: { "content-type": CONTENT_TYPE, ...unsigned },
    body,
  });
}

/** GETs an object with a signature, as its owner's link does. */
export async function signedGet(store: ObjectStore, key: string): Promise<Answer> {
  return await send(
    await store.presignGet({
      key,
      fileName: "a.png",
      contentType: CONTENT_TYPE,
      expiresIn: 60,
      disposition: "inline",
    }),
  );
}

/** GETs an object as anybody can. */
export function anonymousGet(store: ObjectStore, key: string): Promise<Answer> {
  return send(store.address(key));
}
