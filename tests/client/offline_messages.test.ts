/** Lists of messages are saved and deleted, and documents deleted, while the server is away. */
import { type Box, type NewMessage } from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { behindLine } from "../support/behind_line.ts";
import { assertCode, contents } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";

const newMessage = (content: string): NewMessage & { id: string } => ({
  id: crypto.randomUUID(),
  role: "user",
  content,
});

Deno.test("a list that is saved here is there afterwards, and what it replaces is gone", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Saved offline" });
  const [kept, lost] = await archive.uploadImages({
    chat_id,
    images: [1, 2].map((seed) => ({ content: png(3, 3, seed) })),
  });
  const parts = (...images: { id: string }[]) => images.map(({ id }) => `chat-archive:image/${id}`);
  const [one, two] = [newMessage("one"), { ...newMessage("two"), parts: parts(kept!, lost!) }];
  await archive.saveMessages({ chat_id, messages: [one, two] });
  await archive.addSearchResults({
    chat_id,
    search_results: [{ message_id: two.id, block_id: "b", page_number: 1 }],
  });
  await Array.fromAsync(archive.history({ chat_id }));

  relay.become("cut");
  const three = { ...newMessage("three"), parts: parts(kept!) };
  const messages = [{ ...one, content: "one, edited" }, three];
  const saved = await archive.saveMessages({ chat_id, messages, replaces: [one.id, two.id] });
  assertEquals(saved.map(({ content, pending }) => [content, pending]), [
    ["one, edited", true],
    ["three", true],
  ]);
  const essence = async (from: typeof archive) =>
    (await Array.fromAsync(from.history({ chat_id }))).map((
      { content, images, search_results },
    ) => [
      content,
      images.map(({ id }) => id),
      search_results.length,
    ]);
  const expected = [["one, edited", [], 0], ["three", [kept!.id], 0]];
  assertEquals(await essence(archive), expected);
  const typo = { ...newMessage("x"), metdata: {} };
  await assertCode(() => archive.saveMessages({ chat_id, messages: [typo] }), "invalid_request");

  // Somebody adds to the chat meanwhile: that is not replaced.
  await server.addMessage({ chat_id, role: "user", content: "from elsewhere" });
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals(await archive.conflicts(), []);
  assertEquals(await essence(server), [expected[0]!, ["from elsewhere", [], 0], expected[1]!]);
  assertEquals(await essence(archive), await essence(server));
});

Deno.test("messages and a document that are deleted here are gone there", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Deleted offline" });
  const stored = await archive.addMessages({
    chat_id,
    messages: ["a", "b", "c", "d"].map(newMessage),
  });
  const document = await archive.uploadDocument({ chat_id, document: { content: pdf() } });
  const [image] = await archive.uploadImages({
    chat_id,
    images: [{ content: png(3, 3), document_id: document.id, page_number: 1 }],
  });
  assertEquals((await archive.getChat({ id: chat_id })).documents, [document]);
  await Array.fromAsync(archive.images({ chat_id }));

  relay.become("cut");
  assertEquals(await archive.deleteMessages({ chat_id, after: stored[2]!.seq }), [stored[3]!.id]);
  assertEquals(await archive.deleteMessages({ chat_id, ids: [stored[0]!.id] }), [stored[0]!.id]);
  await assertCode(
    () => archive.deleteMessages({ chat_id, after: 2 ** 52 + 1 }),
    "invalid_request",
  );
  assertEquals(await contents(archive, chat_id), ["b", "c"]);
  assertEquals((await archive.deleteDocument({ id: document.id })).pending, true);
  const seen = async (from: typeof archive) => {
    const { document_path, documents } = await from.getChat({ id: chat_id });
    const images = await Array.fromAsync(from.images({ chat_id }));
    return [document_path, documents, images];
  };
  const expected = [null, [], [{ ...image!, document_id: null }]];
  assertEquals(await seen(archive), expected);
  await assertCode(() => archive.deleteDocument({ id: document.id }), "database_unavailable");
  // Deleted there too: what was wanted is so.
  await server.deleteDocument({ id: document.id });
  // What this device never saw, it did not delete.
  await server.addMessage({ chat_id, role: "user", content: "from elsewhere" });

  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  assertEquals(await archive.conflicts(), []);
  assertEquals(await contents(server, chat_id), ["b", "c", "from elsewhere"]);
  assertEquals(await seen(server), expected);
});

Deno.test("a list that the server refuses is kept as a conflict, and not passed off as saved", async () => {
  await using line = await behindLine();
  const { archive, relay } = line;
  const { id: chat_id } = await archive.createChat({ title: "Refused" });
  const one = newMessage("one");
  await archive.addMessage({ chat_id, ...one });
  relay.become("cut");
  const list = { chat_id, messages: [{ ...one, role: "assistant" as const }, newMessage("two")] };
  await archive.saveMessages(list);
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  const [conflict, ...others] = await archive.conflicts();
  assertEquals([conflict?.operation, conflict?.code, others], ["saveMessages", "conflict", []]);
  relay.become("cut");
  await assertCode(() => contents(archive, chat_id), "database_unavailable");
  relay.become("open");
  const read = () => contents(archive, chat_id).catch(() => []);
  await eventually("the server is asked again", async () => (await read()).length === 1);
  relay.become("cut");
  assertEquals(await contents(archive, chat_id), ["one"]);
});

Deno.test("this device answers with windows, lists and boxes as the server does", async () => {
  await using line = await behindLine();
  const { archive, relay } = line;
  const metadata = { project: "A", tags: ["x", { y: 1 }] };
  const first = await archive.createChat({ title: "First", metadata, external_id: "e" });
  const second = await archive.createChat({ title: "Second", metadata: { tags: ["x"] } });
  const chat_id = first.id;
  const stored = await archive.addMessages({
    chat_id,
    messages: ["a", "b", "c", "d"].map(newMessage),
  });
  const coords_norm: Box = [0, 0, 1, 1];
  const hit = { message_id: stored[0]!.id, block_id: "b", page_number: 1, coords_norm };
  await archive.addSearchResults({ chat_id, search_results: [hit] });
  const [after, before] = [stored[0]!.seq, stored[3]!.seq];
  const asked = async () => [
    await Array.fromAsync(archive.messages({ chat_id, order: "desc", limit: 2 })),
    await Array.fromAsync(archive.messages({ chat_id, after, before })),
    await Array.fromAsync(archive.history({ chat_id, before, limit: 2 })),
    await Array.fromAsync(archive.history({ chat_id, order: "desc", after })),
    await Array.fromAsync(archive.chats({ order: "updated_at" })),
    ...await Promise.all([
      { order: "updated_at" as const, limit: 1 },
      { metadata: { tags: ["x"] } },
      { metadata: { tags: [{ y: 1 }], project: "A" } },
      { external_id: "e" },
      { after: { created_at: second.created_at, id: second.id } },
    ].map(async (input) => ({ ...await archive.listChats(input), local: true }))),
  ];
  await Array.fromAsync(archive.history({ chat_id }));
  const online = await asked();
  relay.become("cut");
  assertEquals(await asked(), online);
  for (const limit of [0, 1001]) {
    await assertCode(() => archive.listChats({ limit }), "invalid_request");
  }
  await assertCode(
    () => Array.fromAsync(archive.messages({ chat_id, limit: 0 })),
    "invalid_request",
  );
});

Deno.test("a window that held the whole chat is enough to know it without the server", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const { id: chat_id } = await server.createChat({ title: "Read in one window" });
  await server.addMessages({ chat_id, messages: ["a", "b"].map(newMessage) });
  const read = async (limit: number) =>
    (await Array.fromAsync(archive.history({ chat_id, order: "desc", limit })))
      .map(({ content }) => content);
  // As many as were asked for: there may be more.
  await read(2);
  relay.become("cut");
  await assertCode(() => read(3), "database_unavailable");
  relay.become("open");
  await archive.sync();
  assertEquals(await read(3), ["b", "a"]);
  relay.become("cut");
  assertEquals(await read(3), ["b", "a"]);
});
