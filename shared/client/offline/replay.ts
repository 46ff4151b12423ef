import { ChatArchiveError, type ErrorCode } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Device } from "./device.ts";
import type { Conflict, SyncResult } from "./pending_write.ts";
import type { AnyEntry, Queue } from "./queue.ts";
import { isAway, isOurs, isRefusal } from "./refusal.ts";
import type { Rule, Sent } from "./rule.ts";
import type { Server } from "./server.ts";
import { waitingBlob } from "./waiting_file.ts";

/** Times that a write may fail before it no longer keeps those of other chats from the server. */
const MOST_FAILURES = 5;

/** What only files need. */
const STORAGE = new Set<ErrorCode>(["storage_unavailable", "storage_disabled"]);

/** The table of rules, for whoever takes its rows by name. */
export type Rules = Record<string, Rule<keyof ArchiveVerbs>>;

/** A file that waits on a device for its upload. */
export async function waitingFile(device: Device, id: string, type: string): Promise<Blob> {
  const text = await device.look((rows) => rows.file(id));
  if (text !== undefined) return waitingBlob(text, type);
  throw new ChatArchiveError("not_found", "the file is not on this device any more");
}

/** Sends a write. */
export async function sent(
  rules: Rules,
  server: Server,
  device: Device,
  entry: Pick<AnyEntry, "operation" | "input" | "base" | "tried">,
  options: object = {},
): Promise<Sent<keyof ArchiveVerbs>> {
  const { send } = rules[entry.operation]!;
  if (send) {
    return await send(server, {
      ...options,
      ...entry,
      file: (id) => waitingFile(device, id, ""),
    });
  }
  const call = server.verbs[entry.operation] as (input: unknown) => Promise<never>;
  return { answer: await call({ ...entry.input, ...options }) };
}

/** Replays what is pending of one user, in order. The caller sees to it that nobody else does. */
export class Replay {
  readonly result: SyncResult = { saved: 0, conflicts: [] };
  /** Chats whose next write can't be sent: those behind it must not overtake it. */
  readonly #stuck = new Set<string>();

  constructor(readonly rules: Rules, readonly server: Server, readonly device: Device) {}

  /** @returns how many entries are left: those that something keeps from the server, and those behind */
  async run(): Promise<number> {
    const seen = new Set<string>();
    for (;;) {
      const entries = await this.device.look((_, queue) => queue.list());
      const news = entries.filter(({ key }) => !seen.has(key));
      if (news.length === 0) return entries.length;
      for (const entry of news) {
        seen.add(entry.key);
        if (!this.#stuck.has(entry.chat_id ?? "")) await this.#one(entry.key);
      }
    }
  }

  async #one(key: string) {
    const begun = await this.device.begin();
    const entry = await this.device.keep(begun, (_, queue) => queue.claim(key));
    if (!entry) return;
    const rule = this.rules[entry.operation]!;
    try {
      const answer = await sent(this.rules, this.server, this.device, entry);
      await this.device.keep(begun, async (rows, queue) => {
        if (!await queue.settle(entry)) return;
        await rule.keep(rows, answer, entry.input);
      });
      this.result.saved++;
    } catch (error) {
      // Deleted already: what was wanted is so.
      const isDone = rule.isGone && error instanceof ChatArchiveError &&
        error.code === "not_found" && isOurs(error);
      if (isDone) {
        await this.device.keep(begun, (_, queue) => queue.settle(entry));
        this.result.saved++;
      } else if (isRefusal(error)) {
        this.result.conflicts.push(await this.#refuse(entry, error));
      } else if (isAway(error) || (error as ChatArchiveError).code === "unauthorized") {
        throw error;
      } else {
        await this.#failed(entry, error);
      }
    }
  }

  async #refuse(entry: AnyEntry, error: ChatArchiveError): Promise<Conflict> {
    const { cause } = error;
    const theirs = cause && typeof cause === "object" && "id" in cause ? cause : undefined;
    return await this.device.keep(await this.device.begin(), async (rows, queue: Queue) => {
      const conflict = await queue.refuse(entry, error);
      await this.rules[entry.operation]!.undo(rows, entry.input, theirs);
      return conflict;
    });
  }

  /** One write that can't be saved must not keep those of other chats from the server. */
  async #failed(entry: AnyEntry, error: unknown) {
    const chat = entry.chat_id ?? "";
    // The bucket is away, or off: files wait, and the database takes what is of other chats.
    if (STORAGE.has((error as ChatArchiveError).code)) return void this.#stuck.add(chat);
    const begun = await this.device.begin();
    const failures = await this.device.keep(begun, (_, queue) => queue.failed(entry.key));
    if (failures < MOST_FAILURES) throw error;
    // The backend's own word, again and again: it will not be another one.
    if (error instanceof ChatArchiveError && isOurs(error)) {
      this.result.conflicts.push(await this.#refuse(entry, error));
    } else {
      this.#stuck.add(chat);
    }
  }
}
