import { within } from "../async.ts";
import { ChatArchiveError } from "../errors.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { signDownloads } from "./download_urls.ts";
import { operate } from "./operation.ts";
import { fileNameOf, type FileStream, streamOf } from "./stream_of.ts";

/** One image, or the document of a chat. */
export type WhichFile = { id: string } | { document_of: string };

/**
 * Opens an image or a document. What was asked for is checked before this resolves; the bytes come
 * as `body` is read.
 *
 * @throws {ChatArchiveError} `not_found`, `storage_unavailable`, `storage_disabled`
 */
export function download(
  connection: Connection,
  { signal, ...which }: WhichFile & CallOptions,
): Promise<FileStream> {
  return operate(connection, { operation: "download", signal, input: which }, async (operation) => {
    const wanted = "id" in which ? { ids: [which.id] } : which;
    const [file] = (await signDownloads(operation, wanted)).downloads;
    if (!file) throw new ChatArchiveError("not_found", "no such file");
    let response: Response;
    try {
      // Without the session: the URL is the permission. The limit is for the beginning of the answer.
      response = await within(
        connection.timeout,
        (limit) => fetch(file.url, { signal: limit }),
        signal,
      );
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      const message = "the bucket can't be reached";
      throw new ChatArchiveError("storage_unavailable", message, { cause });
    }
    if (!response.ok) {
      await response.body?.cancel();
      const message = `the bucket answered ${response.status}`;
      throw new ChatArchiveError("storage_unavailable", message);
    }
    operation.note({ bytes: Number(response.headers.get("content-length") ?? 0) });
    const { name, ...stream } = streamOf(response, {
      code: "storage_unavailable",
      requestId: operation.request_id,
      signal,
    });
    // Buckets let pages of other origins read few headers; the URL asked for the name it gives.
    const asked = new URL(file.url).searchParams.get("response-content-disposition");
    return { ...stream, name: name ?? fileNameOf(asked) };
  });
}
