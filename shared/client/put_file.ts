import { ChatArchiveError } from "../errors.ts";

/** A signed PUT. */
export interface SignedPut {
  url: string;
  headers: Record<string, string>;
}

/** Sends a file. @param onBytes receives the bytes sent so far, where the platform tells */
type PutFile = (
  target: SignedPut,
  body: Blob,
  signal: AbortSignal,
  onBytes: (sent: number) => void,
) => Promise<void>;

function refused(status: number): ChatArchiveError {
  // 4xx: expired, or not what was announced. 5xx: a hiccup that the next attempt may not meet.
  return status >= 500 || status === 429
    ? new ChatArchiveError("storage_unavailable", `the bucket answered ${status}`)
    : new ChatArchiveError("upload_mismatch", `the bucket refused the file (${status})`);
}

function unreachable(cause?: unknown): ChatArchiveError {
  return new ChatArchiveError("storage_unavailable", "the bucket can't be reached", { cause });
}

/** Why a transfer was ended: the caller's reason, or that it took too long. */
function ended({ reason }: AbortSignal): unknown {
  if (reason?.name !== "TimeoutError") return reason;
  return new ChatArchiveError("storage_unavailable", "the bucket did not take the file in time");
}

/** No Authorization header: the URL is the permission, and buckets refuse two. */
const putByFetch: PutFile = async ({ url, headers }, body, signal) => {
  let response: Response;
  try {
    response = await fetch(url, { method: "PUT", headers, body, signal });
  } catch (error) {
    throw signal.aborted ? ended(signal) : unreachable(error);
  }
  await response.body?.cancel();
  if (!response.ok) throw refused(response.status);
};

/** What is used of it: Deno and Node have no XMLHttpRequest, and so no type of it. */
interface Xhr {
  status: number;
  upload: { onprogress: ((event: { loaded: number }) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: Blob): void;
  abort(): void;
}
declare const XMLHttpRequest: new () => Xhr;

/** fetch does not report how much of a request was sent; in browsers XMLHttpRequest does. */
const putByXhr: PutFile = ({ url, headers }, body, signal, onBytes) =>
  new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    const end = (error?: unknown) => {
      signal.removeEventListener("abort", abort);
      if (error) reject(error);
      else resolve();
    };
    xhr.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }) => onBytes(Math.min(loaded, body.size));
    xhr.onload = () => end(xhr.status < 300 ? undefined : refused(xhr.status));
    xhr.onerror = () => end(unreachable());
    xhr.onabort = () => end(ended(signal));
    if (signal.aborted) return end(ended(signal));
    signal.addEventListener("abort", abort);
    xhr.send(body);
  });

/** XMLHttpRequest where there is one (browsers), else fetch (Deno, Node, workers of both). */
export const putFile: PutFile = (...args) =>
  ("XMLHttpRequest" in globalThis ? putByXhr : putByFetch)(...args);
