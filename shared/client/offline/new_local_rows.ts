/**
 * Rows as the server would make them, as far as a device can know.
 *
 * @module
 */
import type { NewMessage } from "../add_messages.ts";
import type { NewSearchResult } from "../add_search_results.ts";
import { boxesOf } from "../boxes.ts";
import type { NewChat } from "../create_chat.ts";
import type { Chat, Message, SearchResult } from "../rows.ts";

/** What a row has besides its own columns. */
export interface Placed {
  id: string;
  chat_id: string;
  user_id: string;
  seq: number;
}

/** The time, ISO 8601. */
export const now = (): string => new Date().toISOString();

/** Bytes of columns: about as many as the server counts, which writes JSON with other spaces. */
export function bytesOf(...columns: unknown[]): number {
  return columns.reduce<number>((sum, value) => {
    const text = typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);
    return sum + new TextEncoder().encode(text).length;
  }, 0);
}

/** A chat that begins on this device. */
export function newChat(user_id: string, input: NewChat & { id: string }): Chat {
  const created_at = input.created_at ?? now();
  return {
    id: input.id,
    user_id,
    title: input.title,
    description: input.description ?? null,
    document_path: null,
    is_archived: input.is_archived ?? false,
    metadata: input.metadata ?? {},
    external_id: input.external_id ?? null,
    created_at,
    updated_at: now(),
  };
}

/** A message that is written on this device. */
export function newMessage(place: Placed, input: NewMessage): Message {
  const metadata = input.metadata ?? {};
  return {
    ...place,
    role: input.role,
    content: input.content,
    message_type: input.message_type ?? "text",
    parts: input.parts ?? null,
    metadata,
    parent_id: input.parent_id?.toLowerCase() ?? null,
    external_id: input.external_id ?? null,
    status: input.status ?? "complete",
    created_at: input.created_at ?? now(),
    updated_at: now(),
    bytes: bytesOf(input.content, input.parts, metadata),
  };
}

/** A search result that is written on this device. */
export function newSearchResult(place: Placed, input: NewSearchResult): SearchResult {
  const metadata = input.metadata ?? {};
  return {
    ...place,
    message_id: input.message_id?.toLowerCase() ?? null,
    document_id: input.document_id?.toLowerCase() ?? null,
    block_id: input.block_id,
    page_number: input.page_number,
    block_text: input.block_text ?? null,
    score: input.score ?? null,
    coords_norm: boxesOf(input.coords_norm),
    coords_px: boxesOf(input.coords_px),
    metadata,
    created_at: input.created_at ?? now(),
    bytes: bytesOf(input.block_text, metadata, input.coords_norm, input.coords_px),
  };
}
