/**
 * Messages of useChat as the archive keeps them.
 *
 * @module
 */
import type { UIMessage } from "ai";
import type { MessageWithItems } from "chat-archive";
import { archive } from "./backend.ts";

/** Messages of a page of a long chat. */
export const PAGE = 30;

/** A part of a chat, in order. */
export interface Window {
  rows: MessageWithItems[];
  hasEarlier: boolean;
}

/** The last messages before a `seq`. */
export async function readBefore(
  chat_id: string,
  before?: number,
): Promise<Window> {
  const newest = archive.history({
    chat_id,
    order: "desc",
    limit: PAGE,
    before,
  });
  const rows = await Array.fromAsync(newest);
  return { rows: rows.toReversed(), hasEarlier: rows.length === PAGE };
}

/** A row as useChat has it. */
export function messageOf(
  { id, role, content, parts, metadata }: MessageWithItems,
): UIMessage {
  return {
    id,
    role: role as UIMessage["role"],
    metadata,
    parts: parts as UIMessage["parts"] | null ??
      [{ type: "text", text: content }],
  };
}

/** What a person reads of a message. */
export function textOf({ parts }: UIMessage): string {
  return parts.flatMap((part) => part.type === "text" ? [part.text] : []).join(
    "\n\n",
  );
}

/**
 * Saves a list in one transaction.
 *
 * @param replaces ids that were in the list before: those that are not in it any more go
 */
export async function saveMessages(
  chat_id: string,
  messages: UIMessage[],
  replaces: string[],
): Promise<void> {
  await archive.saveMessages({
    chat_id,
    replaces,
    messages: messages.map((message) => ({
      id: message.id,
      role: message.role as "user" | "assistant",
      content: textOf(message),
      parts: JSON.parse(JSON.stringify(message.parts)),
      metadata: JSON.parse(JSON.stringify(message.metadata ?? {})),
    })),
  });
}
