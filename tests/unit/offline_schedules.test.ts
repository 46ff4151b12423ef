/**
 * Three tabs on one store write, stream, delete and replay in random order, while requests and answers
 * get lost. Afterwards the server holds what was accepted: nothing less, nothing twice, in order.
 *
 * SCHEDULES is how many are tried, SEED the first one's seed.
 */
import { delay, eachOf } from "@shared/async.ts";
import { type ChatArchive, memoryStore } from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { FakeServer, type Fate } from "../support/fake_server.ts";
import { openTab } from "../support/tabs.ts";

const SCHEDULES = Number(Deno.env.get("SCHEDULES") ?? 200);
const SEED = Number(Deno.env.get("SEED") ?? 1);
const TABS = 3;
const STEPS = 25;

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a tab was told that is kept. */
interface Kept {
  chats: Map<string, string>;
  /** Chat → message → content, in the order of writing. */
  messages: Map<string, Map<string, string>>;
}

/** One tab's part of a schedule: it changes what it has made itself, in chats of everybody. */
async function use(archive: ChatArchive, random: () => number, kept: Kept, shared: string[]) {
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)]!;
  const ofChat = (chat_id: string) => {
    const known = kept.messages.get(chat_id) ?? new Map<string, string>();
    kept.messages.set(chat_id, known);
    return known;
  };
  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    const mine = [...kept.chats.keys()];
    const chat_id = shared.length > 0 ? pick(shared) : undefined;
    const written = chat_id ? [...ofChat(chat_id).keys()] : [];
    if (dice < 0.15 || chat_id === undefined) {
      const { id, title } = await archive.createChat({ title: `chat ${step}` });
      kept.chats.set(id, title);
      shared.push(id);
    } else if (dice < 0.45) {
      const messages = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, n) => ({
        id: crypto.randomUUID(),
        role: "user" as const,
        content: `message ${step}.${n}`,
      }));
      await archive.addMessages({ chat_id, messages });
      for (const { id, content } of messages) ofChat(chat_id).set(id, content);
    } else if (dice < 0.7 && written.length > 0) {
      const id = pick(written);
      for (let piece = 0; piece < 3; piece++) {
        const content = `${ofChat(chat_id).get(id)}+${piece}`;
        await archive.updateMessage({ id, content });
        ofChat(chat_id).set(id, content);
      }
    } else if (dice < 0.78 && mine.length > 0) {
      const id = pick(mine);
      await archive.updateChat({ id, title: `renamed ${step}` });
      kept.chats.set(id, `renamed ${step}`);
    } else if (dice < 0.84 && written.length > 0) {
      const id = pick(written);
      await archive.deleteMessages({ chat_id, ids: [id] });
      ofChat(chat_id).delete(id);
    } else if (dice < 0.92) {
      await archive.sync().catch(() => {});
    } else {
      await Array.fromAsync(archive.messages({ chat_id })).catch(() => {});
    }
    if (random() < 0.2) await delay(0);
  }
}

async function schedule(seed: number): Promise<void> {
  const random = numbers(seed);
  let open = false;
  /** The weather changes: mostly open, mostly cut, or answers get lost. */
  let weather = 0.5;
  const server = new FakeServer(() => {
    if (random() < 0.05) weather = random();
    const dice = random();
    const fate: Fate = open || dice > weather ? "answered" : dice < weather / 2 ? "cut" : "lost";
    return { fate, slow: random() < 0.4 };
  });
  const store = memoryStore();
  const user = crypto.randomUUID();
  const tabs = Array.from(
    { length: TABS },
    () => openTab(server, () => user, { store, retryAfter: 1 + Math.floor(random() * 5) }),
  );
  const kept = tabs.map((): Kept => ({ chats: new Map(), messages: new Map() }));
  const shared: string[] = [];
  await Promise.all(
    tabs.map((tab, index) => use(tab, numbers(seed * 1000 + index), kept[index]!, shared)),
  );
  open = true;
  // One that was under way may still meet the old weather.
  await Promise.all(tabs.map((tab) => tab.sync().catch(() => tab.sync())));
  const told = `seed ${seed}`;
  assertEquals(await tabs[0]!.pending(), [], told);
  assertEquals(await tabs[0]!.conflicts(), [], told);

  const titles = kept.flatMap(({ chats }) => [...chats]);
  const sorted = (list: [string, string][]) => list.toSorted(([a], [b]) => a < b ? -1 : 1);
  const there = [...server.chats.values()].map(({ id, title }): [string, string] => [id, title]);
  assertEquals(sorted(there), sorted(titles), told);
  for (const { messages } of kept) {
    for (const [chat_id, contents] of messages) {
      const saved = [...server.messages.values()]
        .filter((row) => row.chat_id === chat_id && contents.has(row.id))
        .toSorted((a, b) => a.seq - b.seq).map(({ id, content }) => [id, content]);
      assertEquals(saved, [...contents], `${told}: all of it, and in the order of writing`);
    }
  }
  const accepted = kept.flatMap(({ messages }) => [...messages.values()].flatMap((m) => m.size))
    .reduce((sum, size) => sum + size, 0);
  assertEquals(server.messages.size, accepted, `${told}: nothing that was deleted came back`);
  // What the device shows without a server is the same.
  for (const chat_id of shared) {
    const online = (await Array.fromAsync(tabs[1]!.messages({ chat_id }))).map((m) => m.content);
    const rows = await store.transact((tx) => tx.read(`${user}/chat_messages/${chat_id}/`));
    assertEquals(rows.length, online.length, `${told}: the device has what the server has`);
  }
  for (const tab of tabs) await tab.close();
}

Deno.test(`three tabs lose, double and mix nothing in ${SCHEDULES} random schedules`, async () => {
  await eachOf(Array.from({ length: SCHEDULES }, (_, n) => SEED + n), 16, schedule);
});
