/** A user of an application: one request after the other, of a mix of kinds. */
import { delay } from "@shared/async.ts";
import { createChatArchive, type NewMessage } from "chat-archive";
import type { ArchiveClient } from "@shared/rows.ts";
import type { Ledger, LedgerChat } from "./ledger.ts";

/** What users do, and how often of a hundred times. */
export const MIX = {
  read: 40,
  append: 28,
  stream: 8,
  upload: 8,
  search: 8,
  export: 4,
  delete: 4,
};
/** A kind of request, or several that belong together. */
export type Op = keyof typeof MIX;

/** All kinds. */
export const OPS = Object.keys(MIX) as Op[];

/** Codes that an application has to expect when database or bucket fail. */
export const INTENDED: ReadonlySet<string> = new Set([
  "database_unavailable",
  "storage_unavailable",
]);

/** One that is over. */
export interface Outcome {
  op: Op;
  /** Milliseconds. */
  time: number;
  /** Code of the error. */
  error?: string;
}

/** Milliseconds of those of one kind that succeeded. */
export const timesOf = (outcomes: Outcome[], op: Op): number[] =>
  outcomes.filter((one) => one.op === op && !one.error).map(({ time }) => time);

function pick(): Op {
  let left = Math.random() * 100;
  return OPS.find((op) => (left -= MIX[op]) < 0) ?? "read";
}

/** A GIF of 64 by 64 pixels, as far as its header and its end tell, that is like no other. */
function gif(): Uint8Array<ArrayBuffer> {
  const bytes = crypto.getRandomValues(new Uint8Array(30_000));
  bytes.set(Uint8Array.from("GIF89a\x40\x00\x40\x00\x00\x00\x00", (char) => char.charCodeAt(0)));
  bytes[bytes.length - 1] = 0x3b;
  return bytes;
}

/**
 * Works until it is told to stop.
 *
 * @param goesOn asked before each request
 * @param done told of each
 * @param rate requests a second, at times that nobody's answers change (an open loop), each timed from when
 * it was due; without it the next request follows the answer to the last
 */
export async function work(
  { id: user_id, db }: { id: string; db: ArchiveClient },
  ledger: Ledger,
  goesOn: () => boolean,
  done: (outcome: Outcome) => void,
  rate = Infinity,
): Promise<void> {
  const archive = createChatArchive(db);
  let chat: LedgerChat | undefined;

  const write = async (chat: LedgerChat, message: Partial<NewMessage> & { content: string }) => {
    const id = crypto.randomUUID();
    await archive.addMessage({ chat_id: chat.id, role: "user", ...message, id });
    chat.messages.set(id, message.content);
    return id;
  };

  const run: Record<Op, (chat: LedgerChat) => Promise<unknown>> = {
    async read({ id: chat_id }) {
      for await (const _ of archive.history({ chat_id, order: "desc", limit: 50 })) { /* read */ }
    },
    append: (chat) => write(chat, { content: `What is on page ${Math.random()}?` }),
    async stream(chat) {
      let content = "An answer";
      const id = await write(chat, { content, role: "assistant", status: "streaming" });
      for (let step = 0; step < 4; step++) {
        const next = `${content} that grows by a piece`;
        // What it has in between is not known until it is acknowledged.
        chat.messages.delete(id);
        await archive.updateMessage({
          id,
          content: next,
          ...(step === 3 ? { status: "complete" } : {}),
        });
        chat.messages.set(id, content = next);
      }
    },
    async upload(chat) {
      const id = crypto.randomUUID();
      const image = { id, content: gif(), content_type: "image/gif", name: "page.gif" };
      await archive.uploadImages({ chat_id: chat.id, images: [image] });
      chat.images.add(id);
    },
    search: () => archive.searchPage({ query: "page answer" }),
    async export({ id: chat_id }) {
      const { body } = await archive.exportChat({ chat_id, format: "markdown" });
      for await (const _ of body) { /* read */ }
    },
    async delete(one) {
      chat = undefined;
      ledger.forget(one);
      await archive.deleteChat({ id: one.id });
      ledger.deleted.push({ id: one.id, user_id });
    },
  };

  let due = performance.now();
  const next = async () => {
    if (rate === Infinity) return performance.now();
    due -= Math.log(1 - Math.random()) / rate * 1000;
    await delay(Math.max(0, due - performance.now()));
    return due;
  };
  for (let started = await next(); goesOn(); started = await next()) {
    const op = pick();
    try {
      chat ??= ledger.add((await archive.createChat({ title: "A chat" })).id);
      await run[op](chat);
      done({ op, time: performance.now() - started });
    } catch (error) {
      const code = (error as { code?: string }).code ?? String(error);
      done({ op, time: performance.now() - started, error: code });
    }
  }
}
