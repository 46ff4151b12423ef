import type { DeleteChatResponse } from "../contracts/delete-chat.ts";
import { callFunction } from "./call_function.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";

/** What became of a chat that was deleted. */
export type Deletion = DeleteChatResponse["deletions"][number];

/**
 * Deletes a chat with everything in it. The rows are gone when this resolves; `status` says whether
 * the bytes are too, or are queued: see {@link awaitDeletion}. A repetition reports on it.
 *
 * @throws {ChatArchiveError} `not_found` where it is not, and never was, the caller's
 */
export function deleteChat(
  connection: Connection,
  { id, signal }: { id: string } & CallOptions,
): Promise<Deletion> {
  const facts = { operation: "deleteChat", chat_id: id, signal, input: { id } };
  return operate(connection, facts, async (operation) => {
    const { deletions } = await callFunction<DeleteChatResponse>(
      operation,
      "delete-chat",
      { chat_id: id },
    );
    operation.note({ count: deletions[0]!.objects_deleted });
    return deletions[0]!;
  });
}
