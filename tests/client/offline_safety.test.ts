/** What must never happen: another user's account gets a write, a tab loses one, what was deleted comes back. */
import { join } from "node:path";
import { type ChatArchive, createChatArchive, memoryStore } from "@shared/client/mod.ts";
import { diskStore } from "@shared/client/node/disk_store.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { behindLine } from "../support/behind_line.ts";
import { assertCode, contents } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { png } from "../support/files.ts";
import { Relay } from "../support/relay.ts";
import { stack } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

/** A client whose user changes as a test says. */
function switching(first: User) {
  const session = { user: first, asked: 0, after: Infinity, then: first };
  const relay = new Relay(Number(new URL(stack.API_URL).port));
  const sent: string[] = [];
  const client = apiClient({
    url: `http://127.0.0.1:${relay.port}`,
    fetch: (input, init) => {
      const token = new Headers(init?.headers).get("authorization") ?? "";
      const body = typeof init?.body === "string" ? init.body : "";
      sent.push(`${JSON.parse(atob(token.split(".")[1] ?? "") || "{}").sub} ${body}`);
      return fetch(input, init);
    },
  });
  // The token is asked for at every request, and before: somebody signs in between two questions.
  (client as unknown as { accessToken: () => Promise<string> }).accessToken = () => {
    if (++session.asked > session.after) session.user = session.then;
    return Promise.resolve(session.user.token);
  };
  return { session, relay, client, sent };
}

Deno.test("no write goes out under another user, whenever that one signs in during a replay", async () => {
  const [alice, bob] = [await signUp(), await signUp()];
  const theirs = createChatArchive(bob.client);
  for (let after = 0; after < 6; after++) {
    const { session, relay, client, sent } = switching(alice);
    await using line = relay;
    await using archive = createChatArchive(client, {
      offline: "local",
      retryAfter: 60_000,
      useDatabase: true,
    });
    line.become("cut");
    const { id } = await archive.createChat({ title: `Alice's ${after}` });
    await archive.addMessage({ chat_id: id, role: "user", content: "secret" });
    line.become("open");
    Object.assign(session, { asked: 0, after, then: bob });
    await archive.sync().catch(() => {});
    assertEquals((await theirs.listChats()).chats, [], `switched after ${after}`);
    const leaked = sent.filter((line) => line.startsWith(bob.id) && /Alice|secret/.test(line));
    assertEquals(leaked, []);
    Object.assign(session, { user: alice, asked: 0, after: Infinity });
    await archive.sync();
    assertEquals(await archive.pending(), []);
    assertEquals(await contents(createChatArchive(alice.client), id), ["secret"]);
  }
});

Deno.test("a batch stops in its middle when another user signs in", async () => {
  const [alice, bob] = [await signUp(), await signUp()];
  const { session, relay, client, sent } = switching(alice);
  await using _ = relay;
  const archive = createChatArchive(client, { useDatabase: true });
  const { id: chat_id } = await archive.createChat({ title: "A batch" });
  const messages = Array.from({ length: 1200 }, (_, n) => ({
    id: crypto.randomUUID(),
    role: "user" as const,
    content: `message ${n}`,
  }));
  const begun = sent.length;
  Object.assign(session, { asked: 0, after: 3, then: bob });
  await assertCode(() => archive.addMessages({ chat_id, messages }), "unauthorized");
  assert(sent.length > begun, "some of it was sent");
  assertEquals(sent.filter((line) => line.startsWith(bob.id)), []);
  const saved = await contents(createChatArchive(alice.client), chat_id);
  assert(saved.length > 0 && saved.length < 1200, `${saved.length} were saved`);
});

Deno.test("uploads and exports stop when another user signs in, whenever that is", async () => {
  const [alice, bob] = [await signUp(), await signUp()];
  const chat_id = await alice.createChat();
  const calls = {
    upload: (archive: ChatArchive) =>
      archive.uploadImages({
        chat_id,
        images: [{ content: png(3, 3, 1) }, { content: png(3, 3) }],
      }),
    export: (archive: ChatArchive) => archive.exportChat({ chat_id }),
    download: (archive: ChatArchive) => archive.downloadUrls({ chat_id }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (let after = 1; after < 4; after++) {
      for (const offline of ["fail", "local"] as const) {
        const { session, relay, client, sent } = switching(alice);
        await using _ = relay;
        await using archive = createChatArchive(client, { useDatabase: true, offline });
        await archive.listChats();
        const begun = sent.length;
        Object.assign(session, { asked: 0, after, then: bob });
        await call(archive).catch(() => {});
        const told = `${name}, ${offline}, switched after ${after}`;
        assertEquals(sent.slice(begun).filter((line) => line.startsWith(bob.id)), [], told);
      }
    }
  }
});

Deno.test("an answer that one tab streams while another one replays is saved to its end", async () => {
  const offlineStore = memoryStore();
  await using one = await behindLine({ offlineStore, retryAfter: 60_000 });
  let hold: PromiseWithResolvers<void> | undefined;
  let held = Promise.withResolvers<void>();
  await using two = await behindLine({
    offlineStore,
    user: one.user,
    retryAfter: 60_000,
    fetch: async (input, init) => {
      if (init?.method === "PATCH" && hold) {
        const release = hold;
        hold = undefined;
        held.resolve();
        await release.promise;
      }
      return await fetch(input, init);
    },
  });
  const { id: chat_id } = await one.archive.createChat({ title: "Streamed" });
  const { id } = await one.archive.addMessage({ chat_id, role: "assistant", content: "" });
  one.relay.become("cut");
  await one.archive.updateMessage({ id, content: "The answer" });
  const release = hold = Promise.withResolvers<void>();
  held = Promise.withResolvers<void>();
  const replay = two.archive.sync();
  await held.promise;
  await one.archive.updateMessage({ id, content: "The answer is long", status: "complete" });
  release.resolve();
  await replay;
  one.relay.become("open");
  await one.archive.sync();
  await two.archive.sync();
  assertEquals(await one.archive.pending(), []);
  assertEquals(await one.archive.conflicts(), []);
  assertEquals(await contents(one.server, chat_id), ["The answer is long"]);
});

Deno.test("a clock that is set back between two runs changes no order", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-clock-" });
  const path = join(folder, "pending.db");
  try {
    await using first = await behindLine({ offlineStore: diskStore(path) });
    const { user, relay } = first;
    relay.become("cut");
    const { id: chat_id } = await first.archive.createChat({ title: "Clock" });
    await first.archive.addMessage({ chat_id, role: "user", content: "first" });
    await first.archive.close();

    // Another process, an hour earlier by the clock.
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        new URL("offline_writer.ts", import.meta.url).pathname,
        `http://127.0.0.1:${relay.port}`,
        stack.PUBLISHABLE_KEY,
        user.token,
        path,
        chat_id,
        "0",
        "2",
        "-3600000",
      ],
      stdin: "null",
    });
    const { code, stderr } = await child.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));

    await using again = await behindLine({ user, offlineStore: diskStore(path) });
    await again.archive.sync();
    assertEquals(await again.archive.pending(), []);
    assertEquals(await again.archive.conflicts(), []);
    assertEquals(await contents(again.server, chat_id), ["first", "0", "1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what was deleted elsewhere is gone from this device at the next read that shows it", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Kept" });
  const { id: gone } = await archive.createChat({ title: "Deleted elsewhere" });
  const [first] = await archive.addMessages({
    chat_id,
    messages: ["a", "b", "c"].map((content) => ({ role: "user" as const, content })),
  });
  await Array.fromAsync(archive.history({ chat_id }));
  await server.deleteChat({ id: gone });
  await server.deleteMessages({ chat_id, ids: [first!.id] });
  assertEquals((await archive.listChats()).chats.length, 1);
  assertEquals((await Array.fromAsync(archive.history({ chat_id }))).length, 2);
  relay.become("cut");
  assertEquals((await archive.listChats()).chats.map(({ title }) => title), ["Kept"]);
  await assertCode(() => archive.getChat({ id: gone }), "database_unavailable");
  assertEquals(await contents(archive, chat_id), ["b", "c"]);

  relay.become("open");
  await eventually("online", async () => !(await archive.listChats()).local);
  await server.deleteChat({ id: chat_id });
  await assertCode(() => archive.getChat({ id: chat_id }), "not_found");
  relay.become("cut");
  assertEquals((await archive.listChats()).chats, []);
});

Deno.test("forget clears a device of its user", async () => {
  const offlineStore = memoryStore();
  const line = await behindLine({ offlineStore });
  const { archive, relay, user } = line;
  const { id } = await archive.createChat({ title: "Private" });
  await archive.addMessage({ chat_id: id, role: "user", content: "secret" });
  relay.become("cut");
  await archive.addMessage({ chat_id: id, role: "user", content: "never sent" });
  await archive.forget();
  assertEquals(await archive.pending(), []);
  assertEquals((await archive.listChats()).chats, []);
  await line[Symbol.asyncDispose]();
  const left = await offlineStore.transact((tx) => tx.read(""));
  assertEquals(left.filter((entry) => /Private|secret|sent/.test(JSON.stringify(entry))), []);
  await using again = await behindLine({ offlineStore, user });
  assertEquals((await again.archive.listChats()).chats.map(({ title }) => title), ["Private"]);
});

Deno.test("the page of a captive portal is no answer of the backend: writes stay, reads are local", async () => {
  let portal = false;
  await using line = await behindLine({
    fetch: async (input, init) =>
      portal
        ? new Response("<html>Sign in to the hotel's network</html>", {
          headers: { "content-type": "text/html" },
        })
        : await fetch(input, init),
  });
  const { archive, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Hotel" });
  await archive.addMessage({ chat_id, role: "user", content: "before" });
  portal = true;
  const message = await archive.addMessage({ chat_id, role: "user", content: "in the lobby" });
  assertEquals(message.pending, true);
  assertEquals(
    (await archive.deleteChat({ id: (await archive.createChat({ title: "x" })).id })).pending,
    true,
  );
  assertEquals(await contents(archive, chat_id), ["before", "in the lobby"]);
  assertEquals((await archive.listChats()).local, true);
  await assertCode(() => archive.sync(), "database_unavailable");
  portal = false;
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals(await archive.conflicts(), []);
  assertEquals(await contents(server, chat_id), ["before", "in the lobby"]);
});
