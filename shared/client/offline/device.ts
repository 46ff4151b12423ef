import type { Json } from "../../database.types.ts";
import type { ChatArchiveError } from "../../errors.ts";
import { searchResultOf } from "../boxes.ts";
import type { Unsaved } from "../rows.ts";
import type { Conflict, PendingWrite } from "./journal.ts";
import { type LocalChange, LocalRows, type LocalTable } from "./local_rows.ts";
import type { OfflineStore } from "./store.ts";

/** What this device keeps for one user: rows, writes that are pending, and conflicts. */
export class Device {
  readonly rows: LocalRows;
  #journal: PendingWrite[] = [];
  #conflicts: Conflict[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(readonly user_id: string, readonly store: OfflineStore) {
    this.rows = new LocalRows(user_id);
  }

  /** Reads what the store has of a user. */
  static async open(user_id: string, store: OfflineStore): Promise<Device> {
    const device = new Device(user_id, store);
    for (const [key, value] of await store.read(`${user_id}/row/`)) {
      const [, , table, ...id] = key.split("/");
      (device.rows.tables[table as LocalTable] as Map<string, unknown>).set(
        id.join("/"),
        // An earlier version kept coordinates as they had been given.
        table === "search_results" ? searchResultOf(value as object) : value,
      );
    }
    device.rows.seen();
    await device.reload();
    return device;
  }

  /** Writes that the server does not have, in order. */
  get journal(): readonly PendingWrite[] {
    return this.#journal;
  }

  /** Writes that the server refused. */
  get conflicts(): readonly Conflict[] {
    return this.#conflicts;
  }

  /** Marks rows that the server does not have as they are here. */
  flagged<Row extends { id: string }>(rows: Row[]): (Row & Unsaved)[] {
    const pending = new Set(this.#journal.flatMap(({ ids }) => ids));
    return rows.map((row) => pending.has(row.id) ? { ...row, pending: true as const } : row);
  }

  /** Reads journal and conflicts again: another page on the same store may have replayed. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const read = async (kind: string) =>
        (await this.store.read(`${this.user_id}/${kind}/`)).map(([, value]) => value as unknown);
      this.#journal = await read("journal") as PendingWrite[];
      this.#conflicts = await read("conflict") as Conflict[];
    });
  }

  /** Stores rows that changed. */
  keep(changes: LocalChange[]): Promise<void> {
    return changes.length === 0 ? Promise.resolve() : this.#inTurn(() => this.#store(changes));
  }

  /**
   * Stores a write with the rows that it makes. An answer that grows in its row replaces the entry
   * before: only the last text matters.
   *
   * @param replaying entries may be under way to the server, and must stay as they are
   */
  append(entry: PendingWrite, changes: LocalChange[], replaying: () => boolean): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.#journal.at(-1);
      const grows = entry.operation === "updateMessage" && last?.operation === "updateMessage" &&
        last.input.id === entry.input.id && !replaying();
      const stored = grows
        ? { ...entry, key: last.key, input: { ...last.input, ...entry.input } }
        : entry;
      await this.#store(changes, [[`journal/${stored.key}`, stored]]);
      this.#journal = [...(grows ? this.#journal.slice(0, -1) : this.#journal), stored];
    });
  }

  /** The server has a write: its entry goes, its rows stay as the server has them. */
  settle(entry: PendingWrite, changes: LocalChange[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#store(changes, [[`journal/${entry.key}`, undefined]]);
      this.#journal = this.#journal.filter(({ key }) => key !== entry.key);
    });
  }

  /** The server refused a write: it is kept as a conflict, and what it made here goes. */
  async refuse(entry: PendingWrite, { code, message }: ChatArchiveError): Promise<Conflict> {
    const conflict: Conflict = { ...entry, code, message };
    const changes = this.#undo(entry);
    await this.#inTurn(async () => {
      await this.#store(changes, [
        [`journal/${entry.key}`, undefined],
        [`conflict/${entry.key}`, conflict],
      ]);
      this.#journal = this.#journal.filter(({ key }) => key !== entry.key);
      this.#conflicts = [...this.#conflicts, conflict];
    });
    return conflict;
  }

  /** Takes back what a write made here, as far as a device can. */
  #undo(entry: PendingWrite): LocalChange[] {
    switch (entry.operation) {
      case "createChat":
        return this.rows.forgetChat(entry.ids[0]!);
      case "addMessages":
        return this.rows.forget("chat_messages", entry.ids);
      case "addSearchResults":
        return this.rows.forget("search_results", entry.ids);
      case "saveMessages":
        return [
          ...this.rows.forget("chat_messages", entry.ids),
          ...this.rows.doubt(entry.input.chat_id, ["messages", "items"]),
        ];
      default:
        return [];
    }
  }

  /** Forgets a conflict. */
  dismiss(key: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#store([], [[`conflict/${key}`, undefined]]);
      this.#conflicts = this.#conflicts.filter((conflict) => conflict.key !== key);
    });
  }

  /** Forgets everything of the user. */
  async clear(): Promise<void> {
    const entries = await this.store.read(`${this.user_id}/`);
    await this.store.write(new Map(entries.map(([key]) => [key, undefined])));
  }

  #store(changes: LocalChange[], others: [string, unknown][] = []): Promise<void> {
    return this.store.write(
      new Map([
        ...changes.map(([table, id, row]) => [`row/${table}/${id}`, row] as const),
        ...others,
      ].map(([key, value]) => [`${this.user_id}/${key}`, value as Json | undefined])),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}
