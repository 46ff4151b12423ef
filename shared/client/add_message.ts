import { addMessages, type NewMessage } from "./add_messages.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { Message } from "./rows.ts";

/** One message for one chat. */
export type AddMessage = NewMessage & CallOptions & { chat_id: string };

/** Adds a message to a chat. @throws {ChatArchiveError} as {@link addMessages} */
export async function addMessage(
  connection: Connection,
  { chat_id, signal, ...message }: AddMessage,
): Promise<Message> {
  const [stored] = await addMessages(connection, { chat_id, messages: [message], signal });
  return stored!;
}
