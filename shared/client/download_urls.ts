import type { PresignDownloadResponse } from "../contracts/presign-download.ts";
import { chunked } from "../async.ts";
import { DOWNLOADS_PER_REQUEST } from "../limits.ts";
import { callFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate, type Operation } from "./operation.ts";

/** Some images, all images of a chat, or its document. */
export type WhichFiles = { ids: string[] } | { chat_id: string } | { document_of: string };

/** A URL that works until `expires_at`. Send no Authorization header with it, and don't store it. */
export type DownloadUrl = PresignDownloadResponse["downloads"][number];

/** Signed URLs. */
export interface DownloadUrls {
  /** `id` is the image's, or the chat's where its document was asked for. */
  downloads: DownloadUrl[];
  /** Ids that name nothing of the caller's. */
  missing: string[];
}

/** Signs, in as many requests as it takes. */
export async function signDownloads(
  operation: Operation,
  which: WhichFiles,
): Promise<DownloadUrls> {
  const result: DownloadUrls = { downloads: [], missing: [] };
  const requests: object[] = "ids" in which
    ? chunked(which.ids, DOWNLOADS_PER_REQUEST).map((ids) => ({ ids }))
    : [which];
  for (let request = requests.shift(); request; request = requests.shift()) {
    const page = await callFunction<PresignDownloadResponse>(
      operation,
      "presign-download",
      request,
    );
    result.downloads.push(...page.downloads);
    result.missing.push(...page.missing);
    if (page.next) requests.push({ ...request, after: page.next });
  }
  return result;
}

/**
 * Signed URLs for images or a document, for `<img src>` and the like.
 *
 * @throws {ChatArchiveError} `not_found` where there is no such chat, or no document, or no image at
 *   all; `storage_disabled`
 */
export function downloadUrls(
  connection: Connection,
  { signal, ...which }: WhichFiles & CallOptions,
): Promise<DownloadUrls> {
  const chat_id = "chat_id" in which
    ? which.chat_id
    : "document_of" in which
    ? which.document_of
    : undefined;
  const facts = { operation: "downloadUrls", chat_id, signal, input: which };
  return operate(connection, facts, async (operation) => {
    const result = await signDownloads(operation, which as WhichFiles);
    operation.note({ count: result.downloads.length });
    return result;
  });
}
