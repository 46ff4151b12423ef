import type { Json } from "../../database.types.ts";
import { ChatArchiveError } from "../../errors.ts";
import type { Deletion } from "../delete_chat.ts";
import { FIRST_LOCAL_SEQ } from "../local_seq.ts";
import { boxesOf } from "../boxes.ts";
import type { Chat, ChatDocument, Image, Message, SearchResult } from "../rows.ts";
import { assertSame } from "../same_value.ts";
import type { InputOf } from "./journal.ts";

/** The rows that a device knows, by table and id. */
export interface LocalTables {
  chats: Map<string, Chat>;
  chat_messages: Map<string, Message>;
  chat_documents: Map<string, ChatDocument>;
  chat_images: Map<string, Image>;
  search_results: Map<string, SearchResult>;
  /** `<chat id>/<part>`: what this device has seen to its end, and may answer for. */
  whole: Map<string, true>;
}

/** A table of the device. */
export type LocalTable = keyof LocalTables;
/** A part of a chat that is read to its end; items are the images and search results of messages. */
export type Part = "messages" | "items" | "documents" | "images" | "search_results";
/** All of a chat. */
export const PARTS: Part[] = ["messages", "items", "documents", "images", "search_results"];

/** A row that changed, to be stored; undefined: it is gone. */
export type LocalChange = [table: LocalTable, id: string, row: Json | undefined];

const now = () => new Date().toISOString();

/** Bytes of columns: about as many as the server counts, which writes JSON with other spaces. */
function bytesOf(...columns: unknown[]): number {
  return columns.reduce<number>((sum, value) => {
    const text = typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);
    return sum + new TextEncoder().encode(text).length;
  }, 0);
}

function inserted<Row extends { id: string; created_at: string }>(
  table: Map<string, Row>,
  row: Row,
  wanted: Record<string, unknown>,
) {
  const known = table.get(row.id);
  if (!known) return row;
  // The time is the library's own, and another one when the call is repeated.
  const { created_at: _, ...others } = wanted;
  assertSame(others, known);
  return known;
}

function known<Row>(table: Map<string, Row>, id: string, what: string): Row {
  const row = table.get(id);
  if (row) return row;
  const message = `the backend can't be reached, and this device does not know the ${what}`;
  throw new ChatArchiveError("database_unavailable", message);
}

/** Does on a device's rows what the server would do, as far as a device can know. */
export class LocalRows {
  readonly tables: LocalTables = {
    chats: new Map(),
    chat_messages: new Map(),
    chat_documents: new Map(),
    chat_images: new Map(),
    search_results: new Map(),
    whole: new Map(),
  };
  /** Behind every seq of the server, in the order of writing. The server gives the real one. */
  #seq = FIRST_LOCAL_SEQ;

  constructor(readonly user_id: string) {}

  /** Goes on counting behind what was loaded. */
  seen(): void {
    const { chat_messages, search_results } = this.tables;
    for (const { seq } of [...chat_messages.values(), ...search_results.values()]) {
      this.#seq = Math.max(this.#seq, seq);
    }
  }

  /** Takes rows as the store or the server has them. @returns what to store */
  keep<T extends Exclude<LocalTable, "whole">>(
    table: T,
    rows: Iterable<{ id: string }>,
  ): LocalChange[] {
    const changes: LocalChange[] = [];
    for (const row of rows) {
      (this.tables[table] as Map<string, unknown>).set(row.id, row);
      changes.push([table, row.id, row as unknown as Json]);
    }
    return changes;
  }

  /** Notes that parts of a chat are known to their end. */
  keepWhole(chat_id: string, parts: Part[]): LocalChange[] {
    return parts.map((part) => `${chat_id.toLowerCase()}/${part}`)
      .filter((key) => !this.tables.whole.has(key))
      .map((key) => {
        this.tables.whole.set(key, true);
        return ["whole", key, true];
      });
  }

  /** @throws {ChatArchiveError} where a part was never read to its end: a cut list must not pass */
  assertWhole(chat_id: string, parts: Part[]): void {
    for (const part of parts) {
      known(this.tables.whole, `${chat_id.toLowerCase()}/${part}`, "whole chat");
    }
  }

  /** Forgets rows of one table. */
  forget(table: LocalTable, ids: Iterable<string>): LocalChange[] {
    return [...ids].filter((id) => this.tables[table].delete(id))
      .map((id) => [table, id, undefined]);
  }

  /** Forgets a chat with everything in it. */
  forgetChat(chat_id: string): LocalChange[] {
    const { chats: _, whole: __, ...children } = this.tables;
    return [
      ...this.forget("chats", [chat_id]),
      ...this.doubt(chat_id, PARTS),
      ...Object.entries(children).flatMap(([table, rows]) =>
        this.forget(
          table as LocalTable,
          [...(rows as Map<string, { id: string; chat_id: string }>).values()]
            .filter((row) => row.chat_id === chat_id).map(({ id }) => id),
        )
      ),
    ];
  }

  /** Rows of a chat in the order of seq. */
  of<T extends Exclude<LocalTable, "chats" | "whole">>(table: T, chat_id: string) {
    type Row = LocalTables[T] extends Map<string, infer R> ? R : never;
    const rows = [...this.tables[table].values()] as (Row & { chat_id: string; seq: number })[];
    return rows.filter((row) => row.chat_id === chat_id.toLowerCase()).toSorted((a, b) =>
      a.seq - b.seq
    );
  }

  /** Notes that parts of a chat may differ on the server. */
  doubt(chat_id: string, parts: Part[]): LocalChange[] {
    return this.forget("whole", parts.map((part) => `${chat_id}/${part}`));
  }

  /** Something happened in a chat. */
  touch(chat_id: string): LocalChange[] {
    const chat = this.tables.chats.get(chat_id);
    return chat ? this.keep("chats", [{ ...chat, updated_at: now() } as Chat]) : [];
  }

  /** The key of a chat's first document is the chat's document_path. */
  keepDocumentPath(chat_id: string): LocalChange[] {
    const chat = this.tables.chats.get(chat_id);
    const document_path = this.of("chat_documents", chat_id)[0]?.s3_path ?? null;
    return chat ? this.keep("chats", [{ ...chat, document_path } as Chat]) : [];
  }

  chat(id: string): Chat {
    return known(this.tables.chats, id.toLowerCase(), "chat");
  }

  createChat({ id, title, ...input }: InputOf<"createChat"> & { id: string }): Chat {
    const row: Chat = {
      id,
      user_id: this.user_id,
      title,
      description: input.description ?? null,
      document_path: null,
      is_archived: input.is_archived ?? false,
      metadata: input.metadata ?? {},
      external_id: input.external_id ?? null,
      created_at: input.created_at ?? now(),
      updated_at: now(),
    };
    return inserted(this.tables.chats, row, { id, title, ...input });
  }

  updateChat({ id, ...changes }: InputOf<"updateChat">): Chat {
    return { ...this.chat(id), ...changes, updated_at: now() };
  }

  addMessages({ chat_id, messages }: InputOf<"addMessages">): Message[] {
    return messages.map((message) => {
      const row: Message = {
        id: message.id!,
        chat_id,
        user_id: this.user_id,
        seq: ++this.#seq,
        role: message.role,
        content: message.content,
        message_type: message.message_type ?? "text",
        parts: message.parts ?? null,
        metadata: message.metadata ?? {},
        parent_id: message.parent_id?.toLowerCase() ?? null,
        external_id: message.external_id ?? null,
        status: message.status ?? "complete",
        created_at: message.created_at ?? now(),
        updated_at: now(),
        bytes: bytesOf(message.content, message.parts, message.metadata ?? {}),
      };
      return inserted(this.tables.chat_messages, row, { ...message, chat_id });
    });
  }

  updateMessage({ id, ...changes }: InputOf<"updateMessage">): Message {
    const row = { ...known(this.tables.chat_messages, id, "message"), ...changes };
    return { ...row, updated_at: now(), bytes: bytesOf(row.content, row.parts, row.metadata) };
  }

  saveMessages({ chat_id, messages }: InputOf<"saveMessages">): Message[] {
    return messages.map((message) => {
      if (!this.tables.chat_messages.has(message.id!)) {
        return this.addMessages({ chat_id, messages: [message] })[0]!;
      }
      const { role: _, parent_id: __, external_id: ___, created_at: ____, ...changes } = message;
      return this.updateMessage({ ...changes, id: message.id! });
    });
  }

  deleteMessages(input: InputOf<"deleteMessages">): string[] {
    const known = this.of("chat_messages", input.chat_id);
    const ids = "ids" in input ? new Set(input.ids) : undefined;
    return known.filter(({ id, seq }) => "after" in input ? seq > input.after : ids?.has(id))
      .map(({ id }) => id);
  }

  deleteDocument({ id }: InputOf<"deleteDocument">): ChatDocument {
    return known(this.tables.chat_documents, id, "document");
  }

  addSearchResults({ chat_id, search_results }: InputOf<"addSearchResults">): SearchResult[] {
    return search_results.map((result) => {
      const row: SearchResult = {
        id: result.id!,
        chat_id,
        user_id: this.user_id,
        message_id: result.message_id?.toLowerCase() ?? null,
        document_id: result.document_id?.toLowerCase() ?? null,
        seq: ++this.#seq,
        block_id: result.block_id,
        page_number: result.page_number,
        block_text: result.block_text ?? null,
        score: result.score ?? null,
        coords_norm: boxesOf(result.coords_norm),
        coords_px: boxesOf(result.coords_px),
        metadata: result.metadata ?? {},
        created_at: result.created_at ?? now(),
        bytes: bytesOf(
          result.block_text,
          result.metadata ?? {},
          result.coords_norm,
          result.coords_px,
        ),
      };
      return inserted(this.tables.search_results, row, { ...result, chat_id });
    });
  }

  attachImages({ message_id, ids }: InputOf<"attachImages">): Image[] {
    return ids.map((id) => ({ ...known(this.tables.chat_images, id, "image"), message_id }));
  }

  deleteImages({ ids }: InputOf<"deleteImages">): Image[] {
    return ids.flatMap((id) => this.tables.chat_images.get(id) ?? []);
  }

  deleteChat({ id }: InputOf<"deleteChat">): Deletion {
    return { chat_id: id, status: "pending", objects_deleted: 0, objects_pending: 0 };
  }
}
