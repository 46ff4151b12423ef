/** What a device does on its own: bounds, a full disk, other users, and methods that are added. */
import { type ChatArchive, memoryStore, type OfflineStore } from "@shared/client/mod.ts";
import { bindVerbs } from "@shared/client/bind_verbs.ts";
import { connect } from "@shared/client/connection.ts";
import type { Rules } from "@shared/client/offline/replay.ts";
import { rule } from "@shared/client/offline/rule.ts";
import { RULES } from "@shared/client/offline/rules.ts";
import { withOffline } from "@shared/client/offline/with_offline.ts";
import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";
import { assert, assertEquals } from "@std/assert";
import { assertCode, contents } from "../support/client_calls.ts";
import { FakeServer, type Fate } from "../support/fake_server.ts";
import { openTab, tokenOf } from "../support/tabs.ts";

const user = crypto.randomUUID();

/** A server whose line a test cuts. */
function line() {
  const state = { fate: "answered" as Fate };
  return { state, server: new FakeServer(() => ({ fate: state.fate, slow: false })) };
}

const say = (archive: ChatArchive, chat_id: string, content: string) =>
  archive.addMessage({ chat_id, role: "user", content });

Deno.test("a store holds what it may: chats used longest ago leave, what is pending stays", async () => {
  const { state, server } = line();
  const options = { store: memoryStore(), retryAfter: 0, maxSize: 26_000 };
  await using archive = openTab(server, () => user, options);
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { id } = await archive.createChat({ title: `chat ${n}` });
    await say(archive, id, "x".repeat(5000));
    ids.push(id);
  }
  const size = async () =>
    JSON.stringify(await options.store.transact((tx) => tx.read(`${user}/`))).length;
  assert(await size() < 40_000, String(await size()));
  state.fate = "cut";
  assertEquals((await archive.listChats()).chats.map(({ title }) => title).toSorted(), [
    "chat 2",
    "chat 3",
    "chat 4",
    "chat 5",
  ]);
  await assertCode(() => contents(archive, ids[0]!), "database_unavailable");

  // All of it pending now: nothing leaves, and what has no room is told.
  for (const id of ids.slice(3)) await say(archive, id, "y".repeat(1500));
  const refused = await assertCode(() => say(archive, ids[5]!, "z".repeat(9000)), "quota_exceeded");
  assert(refused.message.includes("wait for the server"), refused.message);
  const waiting = (await archive.pending()).length;
  state.fate = "answered";
  assertEquals((await archive.sync()).saved, waiting);
  const saved = [...server.messages.values()].map(({ content }) => content[0]);
  assertEquals(saved.filter((first) => first === "y").length, waiting);
});

Deno.test("a full disk is told, spoils no answer of the server, and loses nothing pending", async () => {
  const { state, server } = line();
  const inner = memoryStore();
  let full = false;
  const store: OfflineStore = {
    ...inner,
    transact: (work) =>
      inner.transact((tx) =>
        work({
          ...tx,
          set(key, value) {
            if (full && value !== undefined) {
              throw new DOMException("no room", "QuotaExceededError");
            }
            tx.set(key, value);
          },
        })
      ),
  };
  await using archive = openTab(server, () => user, { store, retryAfter: 0 });
  const { id } = await archive.createChat({ title: "Full" });
  state.fate = "cut";
  await say(archive, id, "pending");
  full = true;
  await assertCode(() => say(archive, id, "no room"), "quota_exceeded");
  assertEquals((await archive.pending()).length, 1);
  assertEquals(await contents(archive, id), ["pending"], "what was not kept is not shown");
  full = false;
  state.fate = "answered";
  await archive.sync();
  full = true;
  assertEquals((await say(archive, id, "online")).pending, undefined);
  assertEquals([...server.messages.values()].map(({ content }) => content), ["pending", "online"]);
});

Deno.test("whoever signs in finds nothing of another user, and forget leaves other users alone", async () => {
  const { state, server } = line();
  let who: string | null = user;
  const store = memoryStore();
  await using archive = openTab(server, () => who, { store, retryAfter: 60_000 });
  state.fate = "cut";
  const { id } = await archive.createChat({ title: "Mine" });
  who = crypto.randomUUID();
  assertEquals((await archive.listChats()).chats, []);
  assertEquals(await archive.pending(), []);
  await archive.createChat({ title: "Theirs" });
  await archive.forget();
  assertEquals((await archive.listChats()).chats, []);
  who = user;
  assertEquals((await archive.listChats()).chats.map((chat) => chat.id), [id]);
});

Deno.test("an answer that comes after forget brings nothing back", async () => {
  const { server } = line();
  const store = memoryStore();
  await using archive = openTab(server, () => user, { store });
  const { id: chat_id } = await archive.createChat({ title: "Mine" });
  await say(archive, chat_id, "secret");
  const reading = archive.messages({ chat_id });
  assertEquals((await reading.next()).value?.content, "secret");
  await archive.forget();
  await reading.next();
  assertEquals(await store.transact((tx) => tx.read(`${user}/chat_messages/`)), []);
});

Deno.test("a method that writes works offline with one row in the table of rules", async () => {
  const sent: string[] = [];
  const importChat = rule<"importChat">({
    prepare: ({ content }) => ({ content }),
    ids: () => [],
    apply: () =>
      Promise.resolve({
        answer: {
          chat_id: "",
          messages: 0,
          images: 0,
          documents: 0,
          search_results: 0,
          missing: [],
        },
      }),
    send(_, { input }) {
      sent.push(String(input.content));
      return Promise.resolve({ answer: {} as never });
    },
    keep: () => Promise.resolve(),
    undo: () => Promise.resolve(),
  });
  const { state, server } = line();
  const supabase = createClient<Database>("http://127.0.0.1:1", "key", {
    accessToken: () => Promise.resolve(tokenOf(user)),
  });
  const rules = { ...RULES, importChat } as unknown as Rules;
  await using archive = withOffline(
    connect(supabase, { useDatabase: true }),
    bindVerbs,
    { store: memoryStore(), retryAfter: 60_000 },
    rules,
    (_, user_id) => server.server(user_id),
  );
  state.fate = "cut";
  await archive.createChat({ title: "so that the server is away" });
  assertEquals((await archive.importChat({ content: "one" }) as { pending?: true }).pending, true);
  assertEquals((await archive.pending()).map(({ operation }) => String(operation)), [
    "createChat",
    "importChat",
  ]);
  state.fate = "answered";
  await archive.sync();
  assertEquals(sent, ["one"]);
  assertEquals(await archive.pending(), []);
});
