/** What the server has acknowledged, and whether it is there afterwards. */
import type postgres from "postgres";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";

/** A chat that a virtual user works in. */
export interface LedgerChat {
  id: string;
  messages: Map<string, string>;
  images: Set<string>;
}

/** All acknowledged writes. */
export class Ledger {
  chats = new Map<string, LedgerChat>();
  deleted: { id: string; user_id: string }[] = [];

  /** A new chat was acknowledged. */
  add(id: string): LedgerChat {
    const chat = { id, messages: new Map<string, string>(), images: new Set<string>() };
    this.chats.set(id, chat);
    return chat;
  }

  /** Nothing is known of it any more: a deletion was begun and not acknowledged. */
  forget({ id }: LedgerChat): void {
    this.chats.delete(id);
  }

  /** How much there is. */
  get size(): { messages: number; images: number; deleted: number } {
    const sum = (count: (chat: LedgerChat) => number) =>
      [...this.chats.values()].reduce((total, chat) => total + count(chat), 0);
    return {
      messages: sum(({ messages }) => messages.size),
      images: sum(({ images }) => images.size),
      deleted: this.deleted.length,
    };
  }

  /** @returns how many acknowledged writes are not there, or not as they were written */
  async missing(sql: postgres.Sql, store: ObjectStore) {
    const missing = { messages: 0, images: 0, objects: 0, left: 0 };
    for (const { id, messages, images } of this.chats.values()) {
      const rows = await sql<{ id: string; content: string }[]>`
        select id, content from public.chat_messages where chat_id = ${id}`;
      const contents = new Map(rows.map((row) => [row.id, row.content]));
      for (const [message, content] of messages) {
        if (contents.get(message) !== content) missing.messages++;
      }
      const files = await sql<{ id: string; s3_path: string }[]>`
        select id, s3_path from public.chat_images where chat_id = ${id}`;
      const stored = new Set(files.map((file) => file.id));
      for (const image of images) if (!stored.has(image)) missing.images++;
      // Also of rows that nobody was told of.
      for (const { s3_path } of files) if (!await store.head(s3_path)) missing.objects++;
    }
    for (const { id, user_id } of this.deleted) {
      const [row] = await sql<{ rows: number }[]>`
        select count(*)::int as rows from public.chats where id = ${id}`;
      missing.left += row!.rows;
      for await (const page of store.list(`${user_id}/${id}/`)) missing.left += page.length;
    }
    return missing;
  }
}
