import { ChatArchiveError, type ErrorCode } from "../errors.ts";

/** A file that is read as it comes. Read `body` to its end: an error there means that it was cut. */
export interface FileStream {
  /** File name, where the answer had one. */
  name: string | undefined;
  /** Media type. */
  content_type: string;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** File name of a Content-Disposition (RFC 6266): the UTF-8 form, else the ASCII one. */
export function fileNameOf(disposition: string | null): string | undefined {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (extended) return decodeURIComponent(extended);
  return /filename="([^"]*)"/i.exec(disposition ?? "")?.[1];
}

/** The body of an answer; what cuts it short becomes an error of ours, or the caller's reason. */
function guarded(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  code: ErrorCode,
  requestId: string,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = source.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        throw new ChatArchiveError(code, "the file was cut short", { requestId, cause });
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Makes a file of an answer. @param code of the error where it is cut short */
export function streamOf(
  response: Response,
  { code, requestId, signal }: {
    code: ErrorCode;
    requestId: string;
    signal: AbortSignal | undefined;
  },
): FileStream {
  const empty = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (c) => c.close() });
  return {
    name: fileNameOf(response.headers.get("content-disposition")),
    content_type: response.headers.get("content-type") ?? "application/octet-stream",
    body: guarded(response.body ?? empty, code, requestId, signal),
  };
}
