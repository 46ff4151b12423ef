import { within } from "../async.ts";
import { NEXT_AFTER_HEADER } from "../headers.ts";
import { requestFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import { type FileStream, streamOf } from "./stream_of.ts";

/** How images are exported: as links that expire (in a zip: as files), or by name only. */
export type ExportedImages = "link" | "none";

/** One chat: Markdown for people, json with every column, zip with the images too. */
export interface ExportOne extends CallOptions {
  chat_id: string;
  /** markdown by default. */
  format?: "markdown" | "json" | "zip";
  images?: ExportedImages;
}

/** All chats, in parts of a bounded size. */
export interface ExportAll extends CallOptions {
  all: true;
  /** `next` of the part before. */
  after?: string | undefined;
  images?: ExportedImages;
}

/** What to export, and how. */
export type ExportChat = ExportOne | ExportAll;

/** An exported file. */
export interface ExportedFile extends FileStream {
  /** Pass as `after` for the next part of all chats. Absent on the last one, and for one chat. */
  next?: string;
}

/**
 * Exports a chat, or a part of all chats, as a file. It comes as `body` is read, so that a long chat
 * needs no memory; an error there means that the file is not whole.
 *
 * @throws {ChatArchiveError} `not_found`, `invalid_request`
 */
export function exportChat(
  connection: Connection,
  { signal, ...request }: ExportChat,
): Promise<ExportedFile> {
  const chat_id = "chat_id" in request ? request.chat_id : undefined;
  const facts = { operation: "exportChat", chat_id, signal, input: request };
  return operate(connection, facts, async (operation) => {
    const wanted = "all" in request ? { ...request, format: "zip" } : request;
    const query = Object.fromEntries(
      Object.entries(wanted).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)]]
      ),
    );
    // The limit is for the beginning of the answer; the file may take longer.
    const send = (limit: AbortSignal) =>
      requestFunction(operation, "export-chat", { method: "GET", query, signal: limit });
    const response = await within(connection.timeout, send, signal);
    const file = streamOf(response, {
      code: "database_unavailable",
      requestId: operation.request_id,
      signal,
    });
    const next = response.headers.get(NEXT_AFTER_HEADER);
    return next ? { ...file, next } : file;
  });
}
