import type { z } from "zod";
import type { ExportChatRequest } from "../contracts/export-chat.ts";
import { requestFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import { type FileStream, streamOf, untilAnswer } from "./stream_of.ts";

/** What to export, and how. */
export type ExportChat = z.input<typeof ExportChatRequest> & CallOptions;

/**
 * Exports a chat as a file. It comes as `body` is read, so that a long chat needs no memory; an error
 * there means that the file is not whole.
 *
 * @throws {ChatArchiveError} `not_found`, `invalid_request`
 */
export function exportChat(
  connection: Connection,
  { signal, ...request }: ExportChat,
): Promise<FileStream> {
  const chat_id = "chat_id" in request ? request.chat_id : undefined;
  const facts = { operation: "exportChat", chat_id, signal };
  return operate(connection, facts, async (operation) => {
    const wait = untilAnswer(connection.timeout, signal);
    const query = Object.fromEntries(
      Object.entries(request).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)]]
      ),
    );
    try {
      const response = await requestFunction(operation, "export-chat", {
        method: "GET",
        query,
        signal: wait.signal,
      });
      return streamOf(response, {
        code: "database_unavailable",
        requestId: operation.request_id,
        signal,
      });
    } finally {
      wait.begun();
    }
  });
}
