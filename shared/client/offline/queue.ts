import type { Json } from "../../database.types.ts";
import type { ChatArchiveError } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Entry } from "./journal.ts";
import type { Conflict } from "./pending_write.ts";
import type { LocalRows } from "./local_rows.ts";

/** An entry, whatever its method. */
export type AnyEntry = Entry<keyof ArchiveVerbs>;

/**
 * Writes of one user that the server does not have, in one transaction of the store. The store gives
 * their order, and every step is whole or does not happen, whatever other tabs do.
 */
export class Queue {
  constructor(readonly rows: LocalRows) {}

  /** All entries, in order. */
  async list(): Promise<AnyEntry[]> {
    return (await this.rows.read<AnyEntry>("journal")).map(([, entry]) => entry);
  }

  /** Writes that the server refused. */
  async conflicts(): Promise<Conflict[]> {
    return (await this.rows.read<Conflict>("conflict")).map(([, conflict]) => conflict);
  }

  /** How many entries there are. */
  length(): Promise<number> {
    return this.rows.count(0, "waiting");
  }

  /**
   * Adds an entry.
   *
   * @param grows it may take the place of the last one, where that is about the same row and has not
   *   been on its way to the server
   */
  async append(entry: Omit<AnyEntry, "key">, grows: boolean): Promise<AnyEntry> {
    const { tx } = this.rows;
    const tail = this.rows.key("tail");
    const last = await tx.get(String(await tx.get(tail))) as AnyEntry | undefined;
    const merges = grows && last && !last.tried && last.operation === entry.operation &&
      last.ids.join() === entry.ids.join();
    const key = merges ? last.key : `1${String(await this.rows.next()).padStart(16, "0")}`;
    const stored: AnyEntry = { ...entry, key };
    if (merges) {
      stored.input = { ...last.input, ...entry.input };
      const [id] = entry.ids as [string];
      if (entry.base) stored.base = { [id]: { ...entry.base[id], ...last.base?.[id] } };
    } else {
      await this.#count(stored, 1);
    }
    this.#set(stored);
    tx.set(tail, this.rows.key("journal", key));
    return stored;
  }

  /** Takes an entry to send it: from now on nothing is merged into it. */
  async claim(key: string): Promise<AnyEntry | undefined> {
    const entry = await this.rows.tx.get(this.rows.key("journal", key)) as AnyEntry | undefined;
    if (entry) this.#set({ ...entry, tried: true });
    return entry;
  }

  /** Notes that something stood in an entry's way. @returns how often by now */
  async failed(key: string): Promise<number> {
    const entry = await this.rows.tx.get(this.rows.key("journal", key)) as AnyEntry | undefined;
    const failures = (entry?.failures ?? 0) + 1;
    if (entry) this.#set({ ...entry, failures });
    return failures;
  }

  /** The server has it, or never will: it goes. @returns whether it was still there */
  async settle(entry: AnyEntry): Promise<boolean> {
    const key = this.rows.key("journal", entry.key);
    if (await this.rows.tx.get(key) === undefined) return false;
    this.rows.tx.set(key, undefined);
    await this.#count(entry, -1);
    return true;
  }

  /** The server refused it: it is kept as a conflict, with all of its input. */
  async refuse(entry: AnyEntry, { code, message }: ChatArchiveError): Promise<Conflict> {
    await this.settle(entry);
    const conflict = { ...entry, code, message } as unknown as Conflict;
    this.rows.tx.set(this.rows.key("conflict", entry.key), conflict as unknown as Json);
    return conflict;
  }

  /** Forgets a conflict, and files that waited with it. */
  async dismiss(key: string): Promise<void> {
    const stored = this.rows.key("conflict", key);
    const conflict = await this.rows.tx.get(stored) as AnyEntry | undefined;
    this.rows.tx.set(stored, undefined);
    for (const id of conflict?.ids ?? []) {
      await this.rows.removeFile({ id, chat_id: conflict!.chat_id ?? "" });
    }
  }

  #set(entry: AnyEntry) {
    this.rows.tx.set(this.rows.key("journal", entry.key), entry as unknown as Json);
  }

  async #count({ ids, chat_id }: AnyEntry, by: number) {
    await this.rows.count(by, "waiting");
    for (const id of new Set(ids)) await this.rows.count(by, "pending", id);
    if (chat_id) await this.rows.count(by, "busy", chat_id);
  }
}
