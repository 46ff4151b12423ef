/** Work goes on while the server is away; afterwards it has everything, once and in order. */
import { join } from "node:path";
import { createChatArchive, memoryStore, type SyncResult } from "@shared/client/mod.ts";
import { diskStore } from "@shared/client/node/disk_store.ts";
import { assert, assertEquals } from "@std/assert";
import { behindLine } from "../support/behind_line.ts";
import { assertCode, contents } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const newId = () => crypto.randomUUID();

Deno.test("a client that is killed while it writes and while it replays loses and doubles nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-client-" });
  const path = join(folder, "sub", "pending.jsonl");
  const line = await behindLine();
  try {
    const { user, relay, server } = line;
    const chat_id = await user.createChat();
    /** Lets a client write from a number on, and kills it. @returns what it said that it has kept */
    const writeAndDie = async (
      from: number,
      enough: (said: string) => boolean | Promise<boolean>,
    ) => {
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
          String(from),
        ],
        stdout: "piped",
        stdin: "null",
      }).spawn();
      let said = "";
      const read = (async () => {
        for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) said += text;
      })();
      await eventually("enough", () => enough(said));
      child.kill("SIGKILL");
      await Promise.all([read, child.status]);
      return said.split("\n").slice(0, -1).map(Number);
    };

    relay.become("cut");
    const offline = await writeAndDie(0, (said) => said.split("\n").length > 120);
    relay.become("open");
    const online = await writeAndDie(
      10_000,
      async () => (await contents(server, chat_id)).length > 5,
    );
    const replayed = (await contents(server, chat_id)).length;
    assert(replayed < offline.length, `${replayed}: it was killed while it replayed`);

    const last = await behindLine({ user, offlineStore: diskStore(path) });
    await last.archive.sync();
    assertEquals(await last.archive.pending(), []);
    assertEquals(await last.archive.conflicts(), []);
    await last[Symbol.asyncDispose]();
    const saved = (await contents(server, chat_id)).map(Number);
    assertEquals(saved, [...new Set(saved)].toSorted((a, b) => a - b), "once, and in order");
    for (const number of [...offline, ...online]) assert(saved.includes(number), String(number));
    // The one that was being written when the process died may be there or not; no more than that.
    assert(saved.length <= offline.length + online.length + 2);
  } finally {
    await line[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what the server refuses meanwhile is reported, and the rest is saved", async () => {
  const synced: SyncResult[] = [];
  const store = memoryStore();
  await using line = await behindLine({ offlineStore: store, onSync: (one) => synced.push(one) });
  const { archive, relay, server, user } = line;
  const { id: gone } = await archive.createChat({ title: "Deleted elsewhere" });
  const { id: kept } = await archive.createChat({ title: "Kept" });
  const mine = await archive.addMessage({ chat_id: kept, role: "user", content: "first" });
  relay.become("cut");
  await archive.addMessage({ chat_id: gone, role: "user", content: "to nobody" });
  await archive.updateChat({ id: gone, title: "New title" });
  await archive.createChat({ title: "x", colour: "red" } as { title: string });
  await archive.deleteChat({ id: kept }).then(() => archive.createChat({ title: "Last" }));
  await assertCode(() => archive.getChat({ id: kept }), "database_unavailable");
  await server.deleteChat({ id: gone });

  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  const conflicts = await archive.conflicts();
  assertEquals(conflicts.map(({ operation, code }) => [operation, code]), [
    ["addMessages", "not_found"],
    ["updateChat", "not_found"],
    ["createChat", "invalid_request"],
  ]);
  assertEquals(synced.flatMap((one) => one.conflicts), conflicts);
  assert(conflicts[0]!.operation === "addMessages");
  assertEquals(conflicts[0]!.input.messages[0]!.content, "to nobody", "nothing is lost");
  await assertCode(() => server.getChat({ id: kept }), "not_found");
  assertEquals((await server.listChats()).chats.map(({ title }) => title), ["Last"]);
  await assertCode(() => archive.updateMessage({ id: mine.id, content: "x" }), "not_found");

  const again = await behindLine({ user, offlineStore: store });
  assertEquals(await again.archive.conflicts(), conflicts, "kept until they are dismissed");
  for (const conflict of conflicts) await again.archive.dismissConflict(conflict);
  assertEquals(await again.archive.conflicts(), []);
  await again[Symbol.asyncDispose]();
});

Deno.test("one write that can't be saved does not keep the others from the server", async () => {
  let refusing = true;
  await using line = await behindLine({
    retryAfter: 20,
    fetch: async (input, init) => {
      const body = typeof init?.body === "string" ? init.body : "";
      if (refusing && body.includes("a proxy's forbidden word")) {
        return new Response("<html>Forbidden</html>", { status: 403 });
      }
      if (refusing && body.includes("a gateway's limit")) {
        return new Response("<html>Too large</html>", { status: 413 });
      }
      if (refusing && body.includes("a word that breaks something")) {
        return Response.json({ code: "XX000", message: "internal" }, { status: 500 });
      }
      return await fetch(input, init);
    },
  });
  const { archive, relay, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "A proxy" });
  const { id: large } = await archive.createChat({ title: "A gateway" });
  const { id: other } = await archive.createChat({ title: "Neither" });
  relay.become("cut");
  const say = (content: string, id = chat_id) =>
    archive.addMessage({ chat_id: id, role: "user", content });
  await say("before");
  await say("a proxy's forbidden word");
  await say("after");
  await say("a gateway's limit", large);
  await say("a word that breaks something", other);
  const extra = { role: "user" as const, content: "with images", images: [] };
  await archive.addMessages({ chat_id: other, messages: [extra] });
  await say("in another chat", other);
  relay.become("open");
  await eventually(
    "all of the other chat is replayed",
    async () => (await contents(server, other)).length === 1,
  );
  await archive.sync();
  assertEquals((await archive.conflicts()).map(({ code }) => code), [
    "internal",
    "invalid_request",
  ]);
  assertEquals(await contents(server, other), ["in another chat"]);
  assertEquals(await contents(server, chat_id), ["before"], "the order in a chat is kept");
  assertEquals((await archive.pending()).length, 3, "somebody else's refusal is not the backend's");
  assertEquals((await say("read and written", other)).pending, undefined);
  assertEquals((await archive.listChats()).local, undefined);
  assertEquals((await say("behind it")).pending, true, "nothing overtakes what waits");
  refusing = false;
  await archive.sync();
  assertEquals(await archive.pending(), []);
  assertEquals(await contents(server, chat_id), [
    "before",
    "a proxy's forbidden word",
    "after",
    "behind it",
  ]);
  assertEquals(await contents(server, large), ["a gateway's limit"]);
});

Deno.test("an answer that is lost on its way does not double the write", async () => {
  let lose = false;
  await using line = await behindLine({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!lose || init?.method !== "POST") return response;
      lose = false;
      await response.body?.cancel();
      throw new TypeError("network error");
    },
  });
  const { archive, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Lost answers" });
  lose = true;
  const message = await archive.addMessage({ chat_id, role: "user", content: "once" });
  assertEquals(message.pending, true);
  assertEquals(await contents(server, chat_id), ["once"]);
  await archive.addMessage({ chat_id, role: "user", content: "then" });
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals(await contents(server, chat_id), ["once", "then"]);
  assertEquals(await archive.conflicts(), []);
});

Deno.test("a write can be repeated by id here, there, and from one to the other", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const [chat_id, message_id, hit_id] = [newId(), newId(), newId()];
  const writeAll = async () => {
    await archive.createChat({ id: chat_id.toUpperCase(), title: "Repeated" });
    await archive.addMessage({
      id: message_id.toUpperCase(),
      chat_id: chat_id.toUpperCase(),
      role: "user",
      content: "x",
    });
    await archive.addSearchResults({
      chat_id,
      search_results: [{
        id: hit_id,
        message_id: message_id.toUpperCase(),
        block_id: "b",
        page_number: 1,
      }],
    });
  };
  const seen = async () =>
    (await Array.fromAsync(archive.history({ chat_id: chat_id.toUpperCase() })))
      .map(({ id, search_results }) => [id, search_results.map((hit) => hit.id)]);
  const expected = [[message_id, [hit_id]]];
  await writeAll();
  await writeAll();
  relay.become("cut");
  await writeAll();
  await writeAll();
  assertEquals(await seen(), expected);
  await assertCode(() => archive.createChat({ id: chat_id, title: "Other" }), "conflict");
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals(await archive.conflicts(), []);
  await writeAll();
  assertEquals(await seen(), expected);
  assertEquals(await contents(server, chat_id), ["x"]);
});

Deno.test("a store belongs to one user", async () => {
  const store = memoryStore();
  await using mine = await behindLine({ offlineStore: store });
  mine.relay.become("cut");
  const { id } = await mine.archive.createChat({ title: "Private" });

  await using theirs = await behindLine({ offlineStore: store });
  theirs.relay.become("cut");
  assertEquals((await theirs.archive.listChats()).chats, []);
  await assertCode(() => theirs.archive.getChat({ id }), "database_unavailable");
  theirs.relay.become("open");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assertEquals((await theirs.archive.sync()).saved, 0);
  assertEquals(await theirs.archive.pending(), []);
  assertEquals((await mine.archive.pending()).length, 1);
  assertEquals((await theirs.server.listChats()).chats, []);
});

Deno.test("a chat that this device has not read to its end is not passed off as whole", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const elsewhere = createChatArchive(user.client);
  await elsewhere.addMessage({ chat_id, role: "user", content: "from another device" });
  await using line = await behindLine({ user });
  const { archive, relay } = line;
  await archive.addMessage({ chat_id, role: "user", content: "from here" });
  relay.become("cut");
  await assertCode(() => contents(archive, chat_id), "database_unavailable");
  assertEquals((await archive.addMessage({ chat_id, role: "user", content: "x" })).pending, true);
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals((await contents(archive, chat_id)).length, 3);
  relay.become("cut");
  assertEquals((await contents(archive, chat_id)).length, 3, "now it has");
});
