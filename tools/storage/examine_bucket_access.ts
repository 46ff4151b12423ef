/**
 * What a bucket lets those do who have no key.
 *
 * @module
 */
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";

/** What was found. */
export type Answer = "yes" | "no" | "unknown";

/** Milliseconds for one question. */
export const QUESTION_TIMEOUT_MS = 8_000;

/** Sends a request as it is. @returns undefined where there is no answer */
export async function ask(
  url: string,
  init: RequestInit = {},
): Promise<{ ok: boolean; status: number; headers: Headers } | undefined> {
  try {
    const signal = AbortSignal.timeout(QUESTION_TIMEOUT_MS);
    const { ok, status, headers, body } = await fetch(url, { ...init, signal });
    await body?.cancel();
    return { ok, status, headers };
  } catch {
    return undefined;
  }
}

const isOpen = (response: { ok: boolean; status: number } | undefined): Answer =>
  !response || response.status >= 500 ? "unknown" : response.ok ? "yes" : "no";

/** Can anybody read this object? */
export async function isPublic(store: ObjectStore, key: string): Promise<Answer> {
  return isOpen(await ask(store.address(key)));
}

/** Can anybody list the bucket? */
export async function isListed(store: ObjectStore): Promise<Answer> {
  const root = store.address("").replace(/\/$/, "");
  return isOpen(await ask(`${root}/?list-type=2&max-keys=1`));
}

/** May a page of this origin PUT to a signed URL? */
export async function allowsPut(store: ObjectStore, key: string, page: string): Promise<Answer> {
  const response = await ask(store.address(key), {
    method: "OPTIONS",
    headers: {
      origin: page,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type",
    },
  });
  if (!response || response.status >= 500) return "unknown";
  const origin = response.headers.get("access-control-allow-origin");
  return response.ok && (origin === "*" || origin === page) ? "yes" : "no";
}
