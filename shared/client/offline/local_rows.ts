import type { Json } from "../../database.types.ts";
import { ChatArchiveError } from "../../errors.ts";
import { FIRST_LOCAL_SEQ } from "../local_seq.ts";
import type { Chat, ChatDocument, Image, Message, SearchResult } from "../rows.ts";
import type { StoreTransaction } from "./store.ts";
import { UserPart } from "./user_part.ts";

/** The tables of a device. */
export interface LocalTables {
  chats: Chat;
  chat_messages: Message;
  chat_documents: ChatDocument;
  chat_images: Image;
  search_results: SearchResult;
}
/** A table of the device. */
export type LocalTable = keyof LocalTables;
/** Tables whose rows are a chat's. */
export type ChildTable = Exclude<LocalTable, "chats">;
/** A part of a chat that is read to its end; items are the images and search results of messages. */
export type Part = "messages" | "items" | "documents" | "images" | "search_results";

/** All of a chat. */
export const PARTS: Part[] = ["messages", "items", "documents", "images", "search_results"];
/** What a chat has, as it is exported and adopted. */
export const CHILDREN: ChildTable[] = [
  "chat_documents",
  "chat_images",
  "chat_messages",
  "search_results",
];

/** Transactions after which it is forgotten that a row was removed. */
const GONE_FOR = 2000;

/** A row, and the number of the transaction that has put it. */
interface Stored<Row> {
  row: Row;
  n: number;
}
/** What the server could answer, and this device can't. */
export function unknownHere(what: string): ChatArchiveError {
  const message = `the backend can't be reached, and this device does not know the ${what}`;
  return new ChatArchiveError("database_unavailable", message);
}

/** The rows that a device has of one user, in one transaction of its store. */
export class LocalRows extends UserPart {
  #gone: Promise<Map<string, number>> | undefined;

  /**
   * @param since number of the last transaction before the server was asked: what was put later is newer
   *   than the server's answer
   */
  constructor(tx: StoreTransaction, user_id: string, readonly since: number = Infinity) {
    super(tx, user_id);
  }

  /** A provisional seq, behind all of the server's. */
  async nextSeq(): Promise<number> {
    return FIRST_LOCAL_SEQ + await this.next();
  }

  async get<T extends LocalTable>(table: T, id: string): Promise<LocalTables[T] | undefined> {
    return (await this.#stored(table, id.toLowerCase()))?.row;
  }

  /** @throws {ChatArchiveError} `database_unavailable` where this device does not have it */
  async known<T extends LocalTable>(table: T, id: string, what: string): Promise<LocalTables[T]> {
    const row = await this.get(table, id);
    if (!row) throw unknownHere(what);
    return row;
  }

  async chats(): Promise<Chat[]> {
    return (await this.read<Stored<Chat>>("chats")).map(([, { row }]) => row);
  }

  /** Rows of a chat in the order of seq. */
  async of<T extends ChildTable>(table: T, chat_id: string): Promise<LocalTables[T][]> {
    const stored = await this.read<Stored<LocalTables[T]>>(table, chat_id.toLowerCase());
    return stored.map(([, { row }]) => row).toSorted((a, b) => a.seq - b.seq);
  }

  /** Puts a row as it is here now. */
  async put<T extends LocalTable>(table: T, row: LocalTables[T]): Promise<void> {
    const { pending: _, ...plain } = row;
    const key = this.#rowKey(table, row);
    const old = await this.tx.get(key) as Stored<unknown> | undefined;
    const [before, after] = [old ? JSON.stringify(old.row) : "", JSON.stringify(plain)];
    // Most of what is read is known already.
    if (before === after) return;
    this.tx.set(key, { row: plain, n: await this.number() } as unknown as Json);
    if (!old && "chat_id" in row) this.tx.set(this.key("in", row.id), row.chat_id);
    this.grow(row, after.length - before.length);
  }

  /** Takes rows that the server has, but where this device knows better. */
  async take<T extends LocalTable>(table: T, rows: Iterable<LocalTables[T]>): Promise<void> {
    for (const row of rows) {
      if (!await this.isPending(row.id) && !await this.#isNewer(table, row)) {
        await this.put(table, row);
      }
    }
  }

  /**
   * Takes rows that a call of this device has changed. Where another tab has put a row meanwhile, with an
   * answer that may be older, what was changed is taken all the same.
   *
   * @param names of the columns that were changed
   */
  async takeChanged<T extends LocalTable>(
    table: T,
    rows: Iterable<LocalTables[T]>,
    names: readonly string[],
  ): Promise<void> {
    for (const row of rows) {
      const known = await this.get(table, row.id);
      if (known === undefined || !await this.#isNewer(table, row)) await this.take(table, [row]);
      else if (!await this.isPending(row.id)) {
        const changed = Object.entries(row).filter(([name]) => names.includes(name));
        await this.put(table, { ...known, ...Object.fromEntries(changed) });
      }
    }
  }

  /** Removes what a complete answer of the server does not have any more. @returns what was removed */
  async drop<T extends LocalTable>(table: T, rows: Iterable<LocalTables[T]>): Promise<string[]> {
    const dropped = [];
    for (const row of rows) {
      if (await this.isPending(row.id) || await this.#isNewer(table, row)) continue;
      if (table === "chats") {
        if (await this.isBusy(row.id)) continue;
        await this.removeChat(row.id);
      }
      if (table !== "chats") await this.remove(table as ChildTable, [row.id]);
      dropped.push(row.id);
    }
    return dropped;
  }

  async remove(table: ChildTable, ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      const old = await this.#stored(table, id);
      if (old) await this.#delete(table, old.row);
    }
  }

  /** Removes a chat with everything in it. */
  async removeChat(chat_id: string): Promise<void> {
    const id = chat_id.toLowerCase();
    for (const table of CHILDREN) {
      await this.remove(
        table,
        (await this.of(table, id)).map((r) => r.id),
      );
    }
    const chat = await this.get("chats", id);
    if (chat) await this.#delete("chats", chat);
    await this.doubt(id, PARTS);
  }

  /** Notes that parts of a chat are known to their end. */
  whole(chat_id: string, parts: Part[]): Promise<void> {
    for (const part of parts) this.tx.set(this.key("whole", chat_id.toLowerCase(), part), true);
    return Promise.resolve();
  }

  /** Notes that parts of a chat may differ on the server. */
  doubt(chat_id: string, parts: Part[]): Promise<void> {
    for (const part of parts) {
      this.tx.set(this.key("whole", chat_id.toLowerCase(), part), undefined);
    }
    return Promise.resolve();
  }

  /** @throws {ChatArchiveError} where a part was never read to its end: a cut list must not pass */
  async assertWhole(chat_id: string, parts: Part[]): Promise<void> {
    for (const part of parts) {
      const known = await this.tx.get(this.key("whole", chat_id.toLowerCase(), part));
      if (!known) throw unknownHere("whole chat");
    }
  }

  /** Something happened in a chat. */
  async touch(chat_id: string): Promise<void> {
    const chat = await this.get("chats", chat_id);
    if (chat) await this.put("chats", { ...chat, updated_at: new Date().toISOString() });
  }

  async #delete<T extends LocalTable>(table: T, row: LocalTables[T]) {
    this.tx.set(this.#rowKey(table, row), undefined);
    this.tx.set(this.key("in", row.id), undefined);
    // An answer of the server that is on its way must not bring it back.
    this.tx.set(this.key("gone", row.id), await this.number());
    this.grow(row, -JSON.stringify(row).length);
  }

  #rowKey<T extends LocalTable>(table: T, row: LocalTables[T]): string {
    return "chat_id" in row ? this.key(table, row.chat_id, row.id) : this.key(table, row.id);
  }

  async #stored<T extends LocalTable>(
    table: T,
    id: string,
  ): Promise<Stored<LocalTables[T]> | undefined> {
    const chat_id = table === "chats" ? undefined : await this.tx.get(this.key("in", id));
    if (table !== "chats" && chat_id === undefined) return undefined;
    const key = chat_id === undefined ? this.key(table, id) : this.key(table, String(chat_id), id);
    return await this.tx.get(key) as Stored<LocalTables[T]> | undefined;
  }

  /** What was removed, and when. What no call that is under way can know any more is forgotten. */
  async #readGone(): Promise<Map<string, number>> {
    const gone = await this.read<number>("gone");
    for (const [id, n] of gone) {
      if (n < this.since - GONE_FOR) this.tx.set(this.key("gone", id), undefined);
    }
    return new Map(gone);
  }

  /** Whether this device has changed or removed a row after the server was asked. */
  async #isNewer<T extends LocalTable>(table: T, row: LocalTables[T]): Promise<boolean> {
    if (this.since === Infinity) return false;
    this.#gone ??= this.#readGone();
    const gone = await this.#gone;
    const parent = "chat_id" in row ? gone.get(row.chat_id) : undefined;
    const n = Math.max(gone.get(row.id) ?? 0, parent ?? 0);
    if (n > this.since) return true;
    const stored = await this.tx.get(this.#rowKey(table, row)) as Stored<unknown> | undefined;
    return (stored?.n ?? 0) > this.since;
  }
}
