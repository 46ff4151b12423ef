import type { ImportChatResponse, ImportType } from "../contracts/import-chat.ts";
import { readJson, requestFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Content } from "./new_file.ts";

/** The file of an export. */
export interface ImportChat extends CallOptions {
  content: Content | string;
  /** By default that of the Blob, else application/json. */
  content_type?: ImportType;
}

/**
 * Makes a chat of the JSON or zip of an export, with new ids. It is there whole or not at all.
 *
 * @throws {ChatArchiveError} `invalid_request` where the file is not such an export,
 *   `payload_too_large`, `upload_mismatch`
 */
export function importChat(
  connection: Connection,
  { content, content_type, signal }: ImportChat,
): Promise<ImportChatResponse> {
  return operate(connection, { operation: "importChat", signal }, async (operation) => {
    const type = content_type ?? (content instanceof Blob && content.type || "application/json");
    const body = new Blob([content], { type });
    operation.note({ bytes: body.size });
    const limit = operation.limit(connection.transferTimeout);
    const response = await requestFunction(operation, "import-chat", {
      method: "POST",
      headers: { "content-type": type },
      body,
      signal: limit,
    });
    const imported = await readJson<ImportChatResponse>(response, limit);
    operation.note({ chat_id: imported.chat_id, count: imported.messages });
    return imported;
  });
}
