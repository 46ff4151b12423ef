import type { Connection } from "./connection.ts";
import { filesOfChat } from "./files_of_chat.ts";
import type { ReadItems } from "./images.ts";
import { operateEach } from "./operation.ts";
import type { ChatDocument } from "./rows.ts";

/** Documents of a chat in order of upload: the first one is the chat's document_path. */
export function documents(
  connection: Connection,
  { chat_id, signal }: ReadItems,
): AsyncGenerator<ChatDocument, void, undefined> {
  const facts = { operation: "documents", chat_id, signal, input: { chat_id } };
  return operateEach(
    connection,
    facts,
    (operation) => filesOfChat<ChatDocument>(operation, "chat_documents", chat_id),
  );
}
