import { ChatArchiveError } from "../../errors.ts";
import type { Unsaved } from "../rows.ts";
import type { Identity } from "./identity.ts";
import { LocalRows } from "./local_rows.ts";
import { Queue } from "./queue.ts";
import type { OfflineStore } from "./store.ts";
import type { Held } from "./user_part.ts";

/** What was so when a call began. */
export interface Begun {
  /** Number of the last transaction. */
  since: number;
  /** Changes when the device forgets: what belongs to the time before must not come back. */
  born: string;
  /** Entries that wait for the server. */
  waiting: number;
}

/** What the store itself says when there is no room. */
const FULL = /quota|full|no space|enospc/i;

/** What callers see where the store fails. */
function storeError(cause: unknown): unknown {
  if (cause instanceof ChatArchiveError) return cause;
  const { name = "", message = "" } = (cause ?? {}) as Error;
  return FULL.test(`${name} ${message}`)
    ? new ChatArchiveError("quota_exceeded", "this device has no room for it", { cause })
    : new ChatArchiveError("internal", "the local store failed", { cause });
}

/** What this device keeps for one user: everything is in the store, which other tabs change too. */
export class Device {
  constructor(
    readonly identity: Identity,
    readonly store: OfflineStore,
    /** Characters that it may keep. */
    readonly maxSize: number,
  ) {}

  get user_id(): string {
    return this.identity.user_id;
  }

  /** Begins a call. */
  begin(): Promise<Begun> {
    return this.#transact(undefined, async (rows, queue) => {
      const key = rows.key("born");
      const known = await rows.tx.get(key);
      const born = String(known ?? crypto.randomUUID());
      if (known === undefined) rows.tx.set(key, born);
      return { born, since: await rows.count(0, "number"), waiting: await queue.length() };
    });
  }

  /** Looks at what is there. */
  look<T>(work: (rows: LocalRows, queue: Queue) => Promise<T>): Promise<T> {
    return this.#transact(undefined, work);
  }

  /** Takes what the server has said; where chats take too much room then, the oldest go. */
  keep<T>(begun: Begun, work: (rows: LocalRows, queue: Queue) => Promise<T>): Promise<T> {
    return this.#transact(begun, async (rows, queue) => {
      const result = await work(rows, queue);
      await this.#makeRoom(rows, await rows.sized());
      return result;
    });
  }

  /**
   * Keeps what only this device has, which never makes room for anything else.
   *
   * @throws {ChatArchiveError} `quota_exceeded` where there is no room for it
   */
  async write<T>(begun: Begun, work: (rows: LocalRows, queue: Queue) => Promise<T>): Promise<T> {
    const once = () =>
      this.#transact({ ...begun, since: Infinity }, async (rows, queue) => {
        const before = await rows.count(0, "size");
        const result = await work(rows, queue);
        const size = await this.#makeRoom(rows, await rows.sized());
        if (size > this.maxSize && size > before) {
          const message =
            `this device keeps ${this.maxSize} bytes, all of which wait for the server`;
          throw new ChatArchiveError("quota_exceeded", message);
        }
        return result;
      });
    try {
      return await once();
    } catch (error) {
      if ((error as ChatArchiveError).message !== "this device has no room for it") throw error;
      // What the server has too can be read again.
      await this.#transact(undefined, (rows) => this.#makeRoom(rows, Infinity, 0));
      return await once();
    }
  }

  /** Marks rows that the server does not have as they are here. */
  async flagged<Row extends { id: string }>(
    rows: LocalRows,
    list: Row[],
  ): Promise<(Row & Unsaved)[]> {
    const marked: (Row & Unsaved)[] = [];
    for (const row of list) {
      const pending = this.identity.isLocal || await rows.isPending(row.id);
      marked.push(pending ? { ...row, pending: true as const } : row);
    }
    return marked;
  }

  /** Marks an answer: rows, ids, or what is not a row. */
  async marked(rows: LocalRows, answer: unknown): Promise<unknown> {
    const isRow = (item: unknown): item is { id: string } =>
      typeof item === "object" && item !== null && "id" in item;
    if (Array.isArray(answer)) {
      return answer.every(isRow) ? await this.flagged(rows, answer) : answer;
    }
    if (isRow(answer)) return (await this.flagged(rows, [answer]))[0];
    return { ...answer as object, pending: true };
  }

  async #transact<T>(
    begun: Begun | undefined,
    work: (rows: LocalRows, queue: Queue) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.store.transact(async (tx) => {
        const rows = new LocalRows(tx, this.user_id, begun?.since);
        if (begun && await tx.get(rows.key("born")) !== begun.born) {
          throw new ChatArchiveError("unauthorized", "this device was told to forget the user");
        }
        return await work(rows, new Queue(rows));
      });
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Removes the chats that were used longest ago, but for those with something pending. */
  async #makeRoom(rows: LocalRows, size: number, most = this.maxSize): Promise<number> {
    if (size <= most || this.identity.isLocal) return size;
    const held = await rows.read<Held>("held");
    for (const [chat_id] of held.toSorted(([, a], [, b]) => a.used - b.used)) {
      if (await rows.isBusy(chat_id)) continue;
      await rows.removeChat(chat_id);
      size = Math.min(size, await rows.sized());
      if (size <= most) break;
    }
    return size;
  }
}
