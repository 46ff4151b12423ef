/**
 * A server in memory that loses requests and answers on demand: for tests of what devices do, where
 * thousands of calls are made.
 *
 * @module
 */
import { delay } from "@shared/async.ts";
import type { ArchiveVerbs } from "@shared/client/archive_verbs.ts";
import type { LocalTable, LocalTables } from "@shared/client/offline/local_rows.ts";
import type { Server } from "@shared/client/offline/server.ts";
import type { Chat, Message } from "@shared/client/rows.ts";
import { assertSame } from "@shared/client/same_value.ts";
import { ChatArchiveError } from "@shared/errors.ts";

/** What happens to a request: it arrives or not, and its answer does or not. */
export type Fate = "answered" | "cut" | "lost";

/** The rows that it has, and what happens to requests. */
export class FakeServer {
  readonly chats = new Map<string, Chat>();
  readonly messages = new Map<string, Message>();
  /** Methods in the order in which they were done. */
  readonly done: string[] = [];
  #clock = 0;
  #seq = 0;

  /** @param fate decides for each request, and whether it takes a while */
  constructor(readonly fate: () => { fate: Fate; slow: boolean }) {}

  #time() {
    return new Date(Date.UTC(2026, 0, 1) + ++this.#clock).toISOString();
  }

  async #request<T>(name: string, work: () => T): Promise<T> {
    const { fate, slow } = this.fate();
    const away = () => new ChatArchiveError("database_unavailable", "the test's line is cut");
    if (slow) await delay(0);
    if (fate === "cut") throw away();
    const result = work();
    this.done.push(name);
    if (slow) await delay(0);
    if (fate === "lost") throw away();
    return structuredClone(result);
  }

  /** As a device sees it. */
  server(user_id: string): Server {
    const missing = (what: string) => new ChatArchiveError("not_found", `no such ${what}`);
    const createChat: ArchiveVerbs["createChat"] = (input) =>
      this.#request("createChat", () => {
        const { signal: _, ...row } = input;
        const known = this.chats.get(row.id!);
        if (known) {
          assertSame(row, known);
          return known;
        }
        const time = this.#time();
        const chat: Chat = {
          id: row.id!,
          user_id,
          title: row.title,
          description: null,
          document_path: null,
          is_archived: false,
          metadata: {},
          external_id: null,
          created_at: row.created_at ?? time,
          updated_at: time,
        };
        this.chats.set(chat.id, chat);
        return chat;
      });
    const addMessages: ArchiveVerbs["addMessages"] = ({ chat_id, messages }) =>
      this.#request("addMessages", () => {
        if (!this.chats.has(chat_id)) throw missing("chat");
        return messages.map((input) => {
          const known = this.messages.get(input.id!);
          if (known) {
            assertSame(input, known);
            return known;
          }
          const time = this.#time();
          const message: Message = {
            id: input.id!,
            chat_id,
            user_id,
            seq: ++this.#seq,
            role: input.role,
            content: input.content,
            message_type: "text",
            parts: null,
            metadata: {},
            parent_id: null,
            external_id: null,
            status: input.status ?? "complete",
            created_at: input.created_at ?? time,
            updated_at: time,
            bytes: input.content.length,
          };
          this.messages.set(message.id, message);
          return message;
        });
      });
    const change = <Row extends { id: string; updated_at: string }>(
      table: Map<string, Row>,
      id: string,
      changes: object,
    ): Row => {
      const row = table.get(id);
      if (!row) throw missing("row");
      const changed = { ...row, ...changes, updated_at: this.#time() };
      table.set(id, changed);
      return changed;
    };
    const tables = { chats: this.chats, chat_messages: this.messages } as unknown as Record<
      LocalTable,
      Map<string, { id: string; updated_at: string }>
    >;
    const messagesOf = (chat_id: string) =>
      [...this.messages.values()].filter((row) => row.chat_id === chat_id)
        .toSorted((a, b) => a.seq - b.seq);
    const request = this.#request.bind(this);
    const verbs: Partial<ArchiveVerbs> = {
      createChat,
      addMessages,
      updateChat: ({ id, signal: _, ...changes }) =>
        this.#request("updateChat", () => change(this.chats, id, changes)),
      updateMessage: ({ id, signal: _, ...changes }) =>
        this.#request("updateMessage", () => change(this.messages, id, changes)),
      deleteMessages: (input) =>
        this.#request("deleteMessages", () => {
          const ids = "ids" in input ? input.ids : [];
          return ids.filter((id) => this.messages.delete(id));
        }),
      deleteChat: ({ id }) =>
        this.#request("deleteChat", () => {
          if (!this.chats.delete(id)) throw missing("chat");
          for (const row of messagesOf(id)) this.messages.delete(row.id);
          return { chat_id: id, status: "done", objects_deleted: 0, objects_pending: 0 };
        }),
      async *messages({ chat_id }) {
        yield* await request("messages", () => messagesOf(chat_id));
      },
      listChats: () => this.#request("listChats", () => ({ chats: [...this.chats.values()] })),
    };
    return {
      verbs: verbs as ArchiveVerbs,
      rows: <T extends LocalTable>(table: T, ids: string[]) =>
        this.#request(
          "rows",
          () => ids.flatMap((id) => tables[table].get(id) ?? []) as unknown as LocalTables[T][],
        ),
      change: <T extends LocalTable>(
        table: T,
        id: string,
        changes: object,
        updated_at: string,
      ) =>
        this.#request(
          "change",
          () =>
            tables[table].get(id)?.updated_at === updated_at
              ? change(tables[table], id, changes) as unknown as LocalTables[T]
              : undefined,
        ),
    };
  }
}
