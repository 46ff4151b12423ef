import { ChatArchiveError } from "../../errors.ts";
import { NO_USER } from "../../unauthorized.ts";
import { storable } from "../../storable.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Connection } from "../connection.ts";
import { adoptChats } from "./adopt.ts";
import { type Begun, Device } from "./device.ts";
import { forgetUser, identityOf, lastUser } from "./identity.ts";
import type { Adoption, SyncResult } from "./pending_write.ts";
import { alone } from "./lease.ts";
import type { LocalRows } from "./local_rows.ts";
import { now } from "./new_local_rows.ts";
import type { AnyEntry } from "./queue.ts";
import { isAway, isRefusal } from "./refusal.ts";
import { Replay, type Rules, sent } from "./replay.ts";
import type { Server, ServerFor } from "./server.ts";
import type { OfflineStore } from "./store.ts";

/** How a device works without the server. */
export interface OfflineOptions {
  /** Where it keeps rows and pending writes; each user has a part of its own. */
  store: OfflineStore;
  /** Milliseconds after which a server that could not be reached is tried again; 5000. */
  retryAfter?: number | undefined;
  /** Characters of JSON (about bytes) that the store may hold for a user; 100,000,000. */
  maxSize?: number | undefined;
  /** Whether signing out removes all that the store has of the user, pending writes included. */
  forgetOnSignOut?: boolean | undefined;
  /** Called after every replay that saved something or met a conflict. */
  onSync?: ((result: SyncResult) => void) | undefined;
}

/** A call that has begun. */
export interface Call {
  device: Device;
  server: Server;
  begun: Begun;
  /** Whether the server may be asked. */
  online: boolean;
}

/** Decides for each call who answers, and replays what only this device has. */
export class OfflineArchive {
  #tryAgainAt = 0;
  /** After the last replay: what something else keeps from the server. */
  #stuck = 0;
  #syncing: Promise<SyncResult> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #unsubscribe: (() => void) | undefined;
  readonly #retryAfter: number;
  readonly #begun: Promise<unknown>;

  constructor(
    readonly connection: Connection,
    readonly options: OfflineOptions,
    readonly rules: Rules,
    readonly serverOf: ServerFor,
  ) {
    this.#retryAfter = options.retryAfter ?? 5000;
    globalThis.addEventListener?.("online", this.#backOnline);
    // What an earlier page or process has left is replayed without being asked.
    this.#begun = this.device().then(async (device) => {
      if ((await device.begin()).waiting > 0) this.#schedule(0);
    }).catch(() => {});
    if (options.forgetOnSignOut && !connection.supabase["accessToken"]) this.#forgetOnSignOut();
  }

  /** What this device keeps for whoever is signed in, or for nobody. */
  async device(): Promise<Device> {
    const { store, maxSize = 100_000_000 } = this.options;
    const identity = await identityOf(this.connection.supabase, store);
    return new Device(identity, store, maxSize);
  }

  /**
   * Begins a call.
   *
   * @param concerned ids: where writes about one of them are pending, this device answers
   */
  async begin(concerned: string[] = []): Promise<Call> {
    const device = await this.device();
    const server = this.serverOf(this.connection, device.user_id);
    let begun = await device.begin();
    let online = !device.identity.isLocal && Date.now() >= this.#tryAgainAt;
    if (online && begun.waiting > this.#stuck) {
      online = await this.sync().then(() => true, () => false);
      begun = await device.begin();
    }
    if (online && begun.waiting > 0) {
      online = begun.waiting <= this.#stuck && !await device.look(async (rows) => {
        for (const id of concerned) {
          if (await rows.isPending(id) || await rows.isBusy(id)) return true;
        }
        return false;
      });
    }
    return { device, server, begun, online };
  }

  /** Takes note of a failure. @returns whether the device has to answer */
  isOffline(error: unknown): boolean {
    if (!isAway(error)) return false;
    this.#tryAgainAt = Date.now() + this.#retryAfter;
    return true;
  }

  /** Stores what the server has said. Where the store fails, the server's answer still stands. */
  async remember(
    { device, begun }: Call,
    work: (rows: LocalRows) => Promise<unknown>,
  ): Promise<void> {
    const started = performance.now();
    await device.keep(begun, work).catch((error: ChatArchiveError) => {
      const level = "warning";
      this.#log({ operation: "keep", level, started, outcome: "error", code: error.code });
    });
  }

  /**
   * Writes to the server, or else here.
   *
   * @throws {ChatArchiveError}
   */
  async write(operation: keyof ArchiveVerbs, given: object): Promise<unknown> {
    const started = performance.now();
    const rule = this.rules[operation]!;
    const { signal, onProgress } = given as { signal?: AbortSignal; onProgress?: unknown };
    const input = rule.prepare(storable(given) as never);
    const { chat_id } = input as { chat_id?: string };
    const call = await this.begin([...rule.ids(input), ...(chat_id ? [chat_id] : [])]);
    const { device, server, begun } = call;
    let tried = false;
    if (call.online) {
      try {
        const answer = await sent(this.rules, server, device, { operation, input }, {
          signal,
          onProgress,
        });
        await this.remember(call, (rows) => rule.keep(rows, answer, input));
        return answer.answer;
      } catch (error) {
        // A gateway's refusal is not the backend's: the write stays.
        const away = this.isOffline(error);
        if (!away && (isRefusal(error) || !this.#isForeign(error))) throw error;
        tried = true;
      }
    }
    signal?.throwIfAborted();
    const written = await rule.written?.(input) ?? input;
    const answer = await device.write(begun, async (rows, queue) => {
      const base = await rule.base?.(rows, written);
      const applied = await rule.apply(rows, written);
      if (!device.identity.isLocal && applied.input !== null) {
        const entry: Omit<AnyEntry, "key"> = {
          operation,
          input: applied.input ?? written,
          ids: rule.ids(applied.input ?? written),
          created_at: now(),
          ...(applied.chat_id ? { chat_id: applied.chat_id } : {}),
          ...(base ? { base } : {}),
          ...(tried ? { tried } : {}),
        };
        await queue.append(entry, rule.grows === true);
      }
      return await device.marked(rows, applied.answer);
    });
    if (!device.identity.isLocal) this.#schedule(this.#retryAfter);
    const count = rule.ids(input).length;
    this.#log({ operation, level: "info", started, outcome: "ok", count, pending: true });
    return answer;
  }

  /** Forgets everything that the device keeps for whoever is signed in, or was last. */
  async forget(user_id?: string): Promise<void> {
    await forgetUser(this.options.store, user_id ?? (await this.device()).user_id);
  }

  /** Brings over to the signed-in user what this device has for nobody, and replays it. */
  async adopt(): Promise<Adoption> {
    const device = await this.device();
    if (device.identity.isLocal) {
      throw new ChatArchiveError("unauthorized", NO_USER);
    }
    const chats = await adoptChats(this.rules, device);
    const synced = await this.sync().catch(() => undefined);
    return { chats, saved: 0, conflicts: [], ...synced };
  }

  /** Replays what is pending, in order. */
  sync(): Promise<SyncResult> {
    this.#syncing ??= this.#replay().finally(() => this.#syncing = undefined);
    return this.#syncing;
  }

  async #replay(): Promise<SyncResult> {
    const device = await this.device();
    if (device.identity.isLocal) return { saved: 0, conflicts: [] };
    const server = this.serverOf(this.connection, device.user_id);
    const replay = new Replay(this.rules, server, device);
    const { result } = replay;
    try {
      const name = `${device.user_id}/replay`;
      this.#stuck = await alone(this.options.store, name, () => replay.run());
      this.#tryAgainAt = 0;
      // Something stands in the way of single writes, and may go.
      if (this.#stuck > 0) this.#schedule(Math.max(this.#retryAfter, 60_000));
    } catch (error) {
      if (!this.isOffline(error)) this.#tryAgainAt = Date.now() + this.#retryAfter;
      this.#schedule(this.#retryAfter);
      throw error;
    } finally {
      if (result.saved + result.conflicts.length > 0) this.options.onSync?.(result);
    }
    return result;
  }

  /** Whether somebody else has answered: a proxy, a captive portal, a gateway. */
  #isForeign(error: unknown): boolean {
    const codes = ["forbidden", "payload_too_large"];
    return error instanceof ChatArchiveError && codes.includes(error.code) && !isRefusal(error);
  }

  #log(
    { started, ...entry }:
      & Omit<Parameters<Connection["log"]>[0], "time" | "duration_ms" | "request_id">
      & {
        started: number;
      },
  ) {
    const duration_ms = Math.round(performance.now() - started);
    this.connection.log({ ...entry, time: now(), request_id: crypto.randomUUID(), duration_ms });
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

  #forgetOnSignOut() {
    const { data } = this.connection.supabase.auth.onAuthStateChange((event) => {
      if (event !== "SIGNED_OUT") return;
      // Not within the event: supabase-js waits for it, and what follows asks it for the session.
      setTimeout(async () => {
        const user = await lastUser(this.options.store).catch(() => undefined);
        if (user) await this.forget(user).catch(() => {});
      });
    });
    this.#unsubscribe = () => data.subscription.unsubscribe();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
    globalThis.removeEventListener?.("online", this.#backOnline);
    await this.#begun;
    await this.#syncing?.catch(() => {});
    await this.options.store.close();
  }
}
