import { insertMessages, type NewMessage } from "./add_messages.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";
import type { Message } from "./rows.ts";

/** One message for one chat. */
export type AddMessage = NewMessage & CallOptions & { chat_id: string };

/** Adds a message to a chat. @throws {ChatArchiveError} as {@link addMessages} */
export function addMessage(
  connection: Connection,
  { chat_id, signal, ...message }: AddMessage,
): Promise<Message> {
  const facts = { operation: "addMessage", chat_id, signal, input: { chat_id, ...message } };
  return operate(connection, facts, async (operation) => {
    const [stored] = await insertMessages(operation, { chat_id, messages: [message] });
    return stored!;
  });
}
