/**
 * Messages of useChat as the archive keeps them.
 *
 * @module
 */
import type { UIMessage } from "ai";
import type { Chat, MessageWithItems } from "chat-archive";
import { loadChat } from "chat-archive/ai-sdk";
import { archive } from "./backend.ts";
import type { Passage } from "./retrieval.ts";

/** Messages of a page of a long chat. */
export const PAGE = 30;

/** A message as useChat has it, and its row with images and search results. */
export type Kept = [UIMessage, MessageWithItems];

/** The last messages before a `seq`, in order. */
export async function readBefore(chat_id: string, before?: number, limit = PAGE) {
  const newest = archive.history({ chat_id, order: "desc", limit, before });
  return (await Array.fromAsync(newest)).toReversed();
}

/**
 * Rows as messages. `loadChat` alone reads a whole chat; a chat of thousands of messages is read page by
 * page here, and `loadChat` is given what was read.
 */
export async function messagesOf(chat: Chat, rows: MessageWithItems[]): Promise<Kept[]> {
  async function* read() {
    yield* rows;
  }
  const messages = await loadChat<UIMessage>({
    ...archive,
    listChats: () => Promise.resolve({ chats: [chat] }),
    messages: read,
    history: read,
  }, { id: chat.id });
  return messages.map((message, index) => [message, rows[index]!]);
}

/** What a person reads of a message. */
export function textOf({ parts }: UIMessage): string {
  return parts.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n\n");
}

/** A passage as a source of an answer. `saveChat` keeps sources that name a page as search results. */
export function sourceOf({ text: block_text, ...place }: Passage, title: string) {
  return {
    type: "source-document" as const,
    sourceId: place.block_id,
    mediaType: "application/pdf",
    title,
    providerMetadata: { document: { ...place, block_text } },
  };
}

/** Passages that an answer quotes. */
export function passagesOf({ parts }: UIMessage): Passage[] {
  return parts.flatMap((part) => {
    const place = part.type === "source-document" && part.providerMetadata?.["document"];
    if (!place) return [];
    const { block_text: text, ...passage } = place;
    return [{ ...passage, text } as unknown as Passage];
  });
}
