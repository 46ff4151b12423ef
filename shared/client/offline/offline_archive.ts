import { ChatArchiveError, type ErrorCode } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Connection } from "../connection.ts";
import { newRows } from "../new_rows.ts";
import type { ChatDocument, Message } from "../rows.ts";
import { currentUser, rememberUser } from "./current_user.ts";
import { Device } from "./device.ts";
import {
  type Conflict,
  type InputOf,
  nextKey,
  type PendingWrite,
  type ReplayedVerb,
  type SyncResult,
} from "./journal.ts";
import { keepSaved, removeDocument, removeMessages } from "./local_removals.ts";
import { type LocalChange, type LocalRows, PARTS } from "./local_rows.ts";
import type { OfflineStore } from "./store.ts";

/** How a device works without the server. */
export interface OfflineOptions {
  /** Where it keeps rows and pending writes; each user has a part of its own. */
  store: OfflineStore;
  /** Milliseconds after which a server that could not be reached is tried again; 5000. */
  retryAfter?: number | undefined;
  /** Called after every replay that saved something or met a conflict. */
  onSync?: ((result: SyncResult) => void) | undefined;
}

/** The server can't be asked at all, so the device answers. */
const OFFLINE = new Set<ErrorCode>(["database_unavailable", "database_disabled"]);
/** The server refuses this write, and will again. Everything else may pass, and is tried again. */
const REFUSALS = new Set<ErrorCode>([
  "invalid_request",
  "forbidden",
  "not_found",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "upload_mismatch",
]);

/** Writes after which something must not be there. */
const DELETIONS = new Set<ReplayedVerb>(["deleteChat", "deleteDocument"]);

/** Times that a write may fail for no known reason before it counts as refused. */
const MOST_FAILURES = 5;

const has = (codes: Set<ErrorCode>, error: unknown): error is ChatArchiveError =>
  error instanceof ChatArchiveError && codes.has(error.code);

/** How a write is done on this device, and what of its answer is kept. */
export interface LocalWrite<V extends ReplayedVerb> {
  input: InputOf<V>;
  ids: string[];
  signal: AbortSignal | undefined;
  /** Does it here. @returns the answer, what changed, and what to replay if it is not the input */
  apply(rows: LocalRows): {
    answer: Awaited<ReturnType<ArchiveVerbs[V]>>;
    changes: LocalChange[];
    replayed?: InputOf<V>;
  };
}

/** One page or process at a time, where the platform can tell (Web Locks). */
function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = (globalThis.navigator ?? {}) as {
    locks?: { request(name: string, work: () => Promise<T>): Promise<T> };
  };
  return locks ? locks.request(name, work) : work();
}

/** Stores what the server has said. Where the store fails, the server's answer still stands. */
function remember(device: Device, changes: LocalChange[]): Promise<void> {
  return device.keep(changes).catch(() => {});
}

/** What of a server's answer the device keeps. */
export function kept(
  { operation, input }: Pick<PendingWrite, "operation" | "input">,
  answer: unknown,
  rows: LocalRows,
): LocalChange[] {
  const list = (Array.isArray(answer) ? answer : [answer]) as { id: string; chat_id: string }[];
  switch (operation) {
    case "createChat":
      return [
        ...rows.keep("chats", list),
        ...list.flatMap((chat) => newRows.has(chat) ? rows.keepWhole(chat.id, PARTS) : []),
      ];
    case "updateChat":
      return rows.keep("chats", list);
    case "addMessages":
    case "updateMessage":
      return rows.keep("chat_messages", list);
    case "addSearchResults":
      return rows.keep("search_results", list);
    case "attachImages":
      return rows.keep("chat_images", list);
    case "deleteImages":
      return rows.forget("chat_images", list.map(({ id }) => id));
    case "saveMessages":
      return keepSaved(rows, input as InputOf<"saveMessages">, answer as Message[]);
    case "deleteMessages":
      return removeMessages(rows, (input as InputOf<"deleteMessages">).chat_id, answer as string[]);
    case "deleteDocument":
      return removeDocument(rows, answer as ChatDocument);
    case "deleteChat":
      return list.flatMap(({ chat_id }) => rows.forgetChat(chat_id));
  }
}

/** Decides for each call who answers, and replays what only this device has. */
export class OfflineArchive {
  #devices = new Map<string, Promise<Device>>();
  #tryAgainAt = 0;
  #syncing: Promise<SyncResult> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** Failures for no known reason, by the entry's key. */
  readonly #failures = new Map<string, number>();
  readonly #retryAfter: number;
  readonly #begun: Promise<unknown>;

  constructor(
    readonly online: ArchiveVerbs,
    readonly connection: Connection,
    readonly options: OfflineOptions,
  ) {
    this.#retryAfter = options.retryAfter ?? 5000;
    globalThis.addEventListener?.("online", this.#backOnline);
    // What an earlier page or process has left is replayed without being asked.
    this.#begun = this.device().catch(() => {});
  }

  /** What this device keeps for whoever is signed in. @throws {ChatArchiveError} `unauthorized` */
  async device(): Promise<Device> {
    const { store } = this.options;
    const user = await currentUser(this.connection.supabase, store);
    let device = this.#devices.get(user);
    if (!device) {
      device = this.#open(user);
      this.#devices.set(user, device);
      device.catch(() => this.#devices.delete(user));
    }
    return await device;
  }

  async #open(user: string): Promise<Device> {
    const device = await Device.open(user, this.options.store);
    await rememberUser(this.options.store, user);
    if (device.journal.length > 0) this.#schedule(0);
    return device;
  }

  /** Whether the server may be asked: it was not out of reach just now, and has what is pending. */
  async reach(device: Device): Promise<boolean> {
    if (Date.now() < this.#tryAgainAt) return false;
    if (device.journal.length > 0) await this.sync().catch(() => {});
    return device.journal.length === 0;
  }

  /** Takes note of a failure. @returns whether the device has to answer */
  isOffline(error: unknown): boolean {
    if (!has(OFFLINE, error)) return false;
    this.#tryAgainAt = Date.now() + this.#retryAfter;
    return true;
  }

  /** Writes to the server, or else here. */
  async write<V extends ReplayedVerb>(
    operation: V,
    { input, ids, signal, apply }: LocalWrite<V>,
  ): Promise<Awaited<ReturnType<ArchiveVerbs[V]>>> {
    type Answer = Awaited<ReturnType<ArchiveVerbs[V]>>;
    const started = performance.now();
    const device = await this.device();
    if (await this.reach(device)) {
      try {
        const call = this.online[operation] as (input: unknown) => Promise<Answer>;
        const answer = await call({ ...input, signal });
        await remember(device, kept({ operation, input } as PendingWrite, answer, device.rows));
        return answer;
      } catch (error) {
        if (!this.isOffline(error)) throw error;
      }
    }
    signal?.throwIfAborted();
    const { answer, changes, replayed = input } = apply(device.rows);
    const entry = {
      key: nextKey(),
      operation,
      input: replayed,
      ids,
      created_at: new Date().toISOString(),
    };
    try {
      await device.append(
        entry as unknown as PendingWrite,
        changes,
        () => this.#syncing !== undefined,
      );
    } catch (cause) {
      // What the store does not have must not look kept: the next call reads the store again.
      this.#devices.delete(device.user_id);
      throw new ChatArchiveError("internal", "the local store failed", { cause });
    }
    this.#schedule(this.#retryAfter);
    this.connection.log({
      time: new Date().toISOString(),
      level: "info",
      operation,
      request_id: entry.key,
      count: ids.length,
      duration_ms: Math.round(performance.now() - started),
      pending: true,
      outcome: "ok",
    });
    if (Array.isArray(answer)) return device.flagged(answer as { id: string }[]) as Answer;
    return { ...answer, pending: true };
  }

  /** Reads from the server, or else here. */
  async read<T>(
    online: () => Promise<T>,
    keep: (answer: T, rows: LocalRows) => LocalChange[],
    local: (device: Device) => T,
  ): Promise<T> {
    const device = await this.device();
    if (await this.reach(device)) {
      try {
        const answer = await online();
        await remember(device, keep(answer, device.rows));
        return answer;
      } catch (error) {
        if (!this.isOffline(error)) throw error;
      }
    }
    return local(device);
  }

  /** The same for rows that come one by one. Once the server has begun, it has to end it too. */
  async *readEach<T>(
    online: () => AsyncIterable<T>,
    keep: (rows: T[], whole: boolean, device: LocalRows) => LocalChange[],
    local: (device: Device) => T[],
  ): AsyncGenerator<T, void, undefined> {
    const device = await this.device();
    if (await this.reach(device)) {
      let begun = false;
      let fresh: T[] = [];
      try {
        for await (const row of online()) {
          begun = true;
          fresh.push(row);
          if (fresh.length === 500) {
            await remember(device, keep(fresh, false, device.rows));
            fresh = [];
          }
          yield row;
        }
        await remember(device, keep(fresh, true, device.rows));
        return;
      } catch (error) {
        if (!this.isOffline(error) || begun) throw error;
      }
    }
    yield* local(device);
  }

  /** What only the server can do. */
  async through<T>(
    work: () => Promise<T>,
    keep: (answer: T, rows: LocalRows) => LocalChange[] = () => [],
  ): Promise<T> {
    const device = await this.device();
    if (!await this.reach(device)) {
      const message = "the backend can't be reached, and this needs it";
      throw new ChatArchiveError("database_unavailable", message);
    }
    try {
      const answer = await work();
      await remember(device, keep(answer, device.rows));
      return answer;
    } catch (error) {
      this.isOffline(error);
      throw error;
    }
  }

  /** Forgets everything that the device keeps for a user. */
  async forget(user_id: string): Promise<void> {
    await (await this.#devices.get(user_id))?.clear();
    this.#devices.delete(user_id);
  }

  /** Replays what is pending, in order. */
  sync(): Promise<SyncResult> {
    this.#syncing ??= this.#replay().finally(() => this.#syncing = undefined);
    return this.#syncing;
  }

  async #replay(): Promise<SyncResult> {
    const result: SyncResult = { saved: 0, conflicts: [] };
    const device = await this.device();
    try {
      await alone(`chat-archive/${device.user_id}`, async () => {
        await device.reload();
        for (let entry = device.journal[0]; entry; entry = device.journal[0]) {
          // Somebody else may have signed in: no write goes out under another user's name.
          const user = await currentUser(this.connection.supabase, this.options.store);
          if (user !== device.user_id) throw new ChatArchiveError("unauthorized", "signed out");
          const conflict = await this.#replayOne(device, entry);
          if (conflict) result.conflicts.push(conflict);
          else result.saved++;
        }
      });
      this.#tryAgainAt = 0;
    } catch (error) {
      if (!this.isOffline(error)) this.#tryAgainAt = Date.now() + this.#retryAfter;
      this.#schedule(this.#retryAfter);
      throw error;
    } finally {
      if (result.saved + result.conflicts.length > 0) this.options.onSync?.(result);
    }
    return result;
  }

  async #replayOne(device: Device, entry: PendingWrite): Promise<Conflict | undefined> {
    try {
      const call = this.online[entry.operation] as (input: unknown) => Promise<unknown>;
      const answer = await call(entry.input);
      const later = new Set(
        device.journal.filter(({ key }) => key !== entry.key).flatMap(({ ids }) => ids),
      );
      // A row that a later write changes stays as that write has left it here.
      const list = (Array.isArray(answer) ? answer : [answer]) as { id: string }[];
      const settled = Array.isArray(answer) ? list.filter(({ id }) => !later.has(id)) : answer;
      const changes = !Array.isArray(answer) && later.has(list[0]!.id)
        ? []
        : kept(entry, settled, device.rows);
      await device.settle(entry, changes);
    } catch (error) {
      // Deleted already: what was wanted is so.
      if (DELETIONS.has(entry.operation) && has(new Set(["not_found"]), error)) {
        await device.settle(entry, []);
      } else if (has(REFUSALS, error) || this.#isHopeless(entry, error)) {
        return await device.refuse(entry, error);
      } else throw error;
    }
  }

  /** One write that can't be saved must not keep all others, and all reads, from the server. */
  #isHopeless({ key }: PendingWrite, error: unknown): error is ChatArchiveError {
    if (!has(new Set(["internal"]), error)) return false;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return failures >= MOST_FAILURES;
  }

  #backOnline = () => this.#schedule(0);

  /** Tries again later, as long as something is pending. */
  #schedule(milliseconds: number) {
    if (this.#closed || (this.#timer !== undefined && milliseconds > 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.sync().catch(() => {});
    }, milliseconds);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#backOnline);
    await this.#begun;
    await this.#syncing?.catch(() => {});
    await this.options.store.close();
  }
}
