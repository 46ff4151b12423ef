/** The library's reads and writes of rows, against the real stack. */
import {
  addMessage,
  archiveChat,
  type Box,
  type ChatArchive,
  type ChatCursor,
  connect,
  createChat,
  createChatArchive,
  type LogEntry,
  unarchiveChat,
} from "@shared/client/mod.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const other = await signUp();
const entries: LogEntry[] = [];
const archive = createChatArchive(user.client, { logger: (entry) => entries.push(entry) });
const theirs = createChatArchive(other.client);

const newId = () => crypto.randomUUID();

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(rows);
}

Deno.test("a chat is created, read, changed, archived and listed", async () => {
  const chat = await archive.createChat({
    title: "Отчёт 🙂",
    description: "a\nb",
    metadata: { pages: [1, { a: null }] },
  });
  assertEquals(chat.user_id, user.id);
  assertEquals(await archive.getChat({ id: chat.id }), { ...chat, documents: [] });
  const changed = await archive.updateChat({ id: chat.id, title: "Other", description: null });
  assertEquals([changed.title, changed.description, changed.metadata], [
    "Other",
    null,
    chat.metadata,
  ]);
  assertEquals((await archive.archiveChat({ id: chat.id })).is_archived, true);
  const ids = async (is_archived?: boolean) =>
    (await all(archive.chats({ is_archived }))).map(({ id }) => id);
  assert((await ids(true)).includes(chat.id));
  assert(!(await ids(false)).includes(chat.id));
  assert((await ids()).includes(chat.id));
  assertEquals((await archive.unarchiveChat({ id: chat.id })).is_archived, false);
});

Deno.test("the same as functions: a chat is archived and a message added", async () => {
  const connection = connect(user.client);
  const { id } = await createChat(connection, { title: "By functions" });
  assertEquals((await archiveChat(connection, { id })).is_archived, true);
  assertEquals((await unarchiveChat(connection, { id })).is_archived, false);
  const message = await addMessage(connection, { chat_id: id, role: "user", content: "One" });
  assertEquals(await all(archive.messages({ chat_id: id })), [message]);
});

Deno.test("a repeated write with the same id gives the same row, another value is a conflict", async () => {
  const chat = { id: newId(), title: "Once", metadata: { b: 1, a: [2] } };
  const first = await archive.createChat(chat);
  assertEquals(await archive.createChat({ ...chat, metadata: { a: [2], b: 1 } }), first);
  const error = await assertCode(() => archive.createChat({ ...chat, title: "Twice" }), "conflict");
  assertEquals(error.details?.[0]?.path, ["title"]);

  const message = {
    id: newId(),
    role: "user" as const,
    content: "hello",
    created_at: "2026-01-02T03:04:05+02:00",
  };
  const batch = { chat_id: chat.id, messages: [message, { ...message, id: newId() }] };
  const stored = await archive.addMessages(batch);
  assertEquals(await archive.addMessages(batch), stored);
  assertEquals(Date.parse(stored[0]!.created_at), Date.parse(message.created_at));
  await assertCode(
    () => archive.addMessage({ ...message, chat_id: chat.id, content: "other" }),
    "conflict",
  );

  const hit = { id: newId(), block_id: "b", page_number: 1, score: 0.25 };
  const coords_norm: Box = [0, 0, 0.5, 1];
  const add = () =>
    archive.addSearchResults({ chat_id: chat.id, search_results: [{ ...hit, coords_norm }] });
  assertEquals(await add(), await add());
});

Deno.test("an id in capitals is the same id", async () => {
  const [id, message_id, hit_id] = [newId(), newId(), newId()];
  const chat_id = id.toUpperCase();
  const twice = async <T>(work: () => Promise<T>) => assertEquals(await work(), await work());
  await twice(() => archive.createChat({ id: chat_id, title: "Capitals" }));
  const message = { id: message_id.toUpperCase(), role: "user" as const, content: "x" };
  await twice(() => archive.addMessages({ chat_id, messages: [message] }));
  const hit = { id: hit_id.toUpperCase(), message_id: message.id, block_id: "B", page_number: 1 };
  await twice(() => archive.addSearchResults({ chat_id, search_results: [hit] }));
  assertEquals((await all(archive.history({ chat_id })))[0]!.search_results[0]!.id, hit_id);
});

Deno.test("values that would come back different are made the same, or refused, before they are sent", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Values" });
  // Seven digits, as .NET writes; PostgreSQL would round them.
  const message = {
    id: newId(),
    role: "user" as const,
    content: "x",
    created_at: "2024-06-01T10:00:00.1239999+02:00",
  };
  for (const _ of ["first", "repeated"]) {
    const [stored] = await archive.addMessages({ chat_id, messages: [message] });
    assertEquals(stored!.created_at, "2024-06-01T08:00:00.123999+00:00");
  }
  // JavaScript would read local time, PostgreSQL its own.
  for (const created_at of ["2024-06-01T10:00:00", "2024-06-01", "yesterday"]) {
    const error = await assertCode(
      () => archive.addMessage({ chat_id, role: "user", content: "x", created_at }),
      "invalid_request",
    );
    assertEquals(error.details?.[0]?.path, ["created_at"]);
  }
  const hit = { block_id: "b", page_number: 1, score: NaN };
  await assertCode(
    () => archive.addSearchResults({ chat_id, search_results: [hit] }),
    "invalid_request",
  );
  assertEquals((await all(archive.messages({ chat_id }))).length, 1);
});

Deno.test("an id that stands twice in one batch, with another value: conflict", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Twice" });
  const message = { id: newId(), role: "user" as const };
  const messages = [{ ...message, content: "a" }, { ...message, content: "b" }];
  await assertCode(() => archive.addMessages({ chat_id, messages }), "conflict");
});

Deno.test("a change of nothing gives the row as it is", async () => {
  const chat = await archive.createChat({ title: "Same" });
  assertEquals(await archive.updateChat({ id: chat.id }), chat);
  const message = await archive.addMessage({ chat_id: chat.id, role: "user", content: "x" });
  assertEquals(await archive.updateMessage({ id: message.id }), message);
  await assertCode(() => archive.updateChat({ id: newId() }), "not_found");
});

Deno.test("a column that does not exist is named", async () => {
  const error = await assertCode(
    () => archive.createChat({ title: "x", colour: "red" } as { title: string }),
    "invalid_request",
  );
  assertEquals(error.details?.[0]?.path, ["colour"]);
});

Deno.test("a provisional seq can't be read on from", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Seq" });
  const error = await assertCode(
    () => all(archive.messages({ chat_id, after: 2 ** 52 + 1 })),
    "invalid_request",
  );
  assertEquals(error.details?.[0]?.path, ["after"]);
});

Deno.test("what is someone else's is not found, and its ids are taken", async () => {
  const chat = await archive.createChat({ title: "Mine" });
  const message = await archive.addMessage({ chat_id: chat.id, role: "user", content: "x" });
  await assertCode(() => theirs.getChat({ id: chat.id }), "not_found");
  await assertCode(() => theirs.updateChat({ id: chat.id, title: "y" }), "not_found");
  await assertCode(() => theirs.updateMessage({ id: message.id, content: "y" }), "not_found");
  await assertCode(() => theirs.createChat({ id: chat.id, title: "Mine" }), "conflict");
  await assertCode(
    () => theirs.addMessage({ chat_id: chat.id, role: "user", content: "y" }),
    "not_found",
  );
  assertEquals(await all(theirs.messages({ chat_id: chat.id })), []);
});

Deno.test("bad values name their field, and every error carries its request id", async () => {
  const error = await assertCode(() => archive.createChat({ title: "  " }), "invalid_request");
  assertEquals(error.details?.[0]?.path, ["title"]);
  const entry = entries.at(-1)!;
  assertEquals({ ...entry, time: "", duration_ms: 0 }, {
    time: "",
    level: "warning",
    operation: "createChat",
    request_id: error.requestId!,
    chat_id: entry.chat_id!,
    duration_ms: 0,
    outcome: "error",
    code: "invalid_request",
  });
  const chat = await archive.createChat({ title: "Values" });
  await assertCode(
    () => archive.addMessage({ chat_id: chat.id, role: "user", content: "x".repeat(1048577) }),
    "invalid_request",
  );
  await assertCode(
    () => archive.addMessage({ chat_id: newId(), role: "user", content: "x" }),
    "not_found",
  );
  await assertCode(() => archive.getChat({ id: "nonsense" }), "invalid_request");
});

Deno.test("2,500 messages go in order, and come back in order, each once", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Long" });
  const messages = Array.from({ length: 2500 }, (_, index) => ({
    role: index % 2 ? "assistant" as const : "user" as const,
    content: `message ${index}`,
    // Sets of columns that differ must not mix, and must not change the order.
    ...(index % 700 === 0 ? { message_type: "first" } : {}),
  }));
  const stored = await archive.addMessages({ chat_id, messages });
  assertEquals(stored.map(({ content }) => content), messages.map(({ content }) => content));
  const read = await all(archive.messages({ chat_id }));
  assertEquals(read, stored);
  assertEquals(read.filter(({ message_type }) => message_type === "first").length, 4);
  const after = stored[2000]!.seq;
  assertEquals(await all(archive.messages({ chat_id, after })), stored.slice(2001));
  for await (const _ of archive.messages({ chat_id })) break;
  assertEquals(entries.at(-1)!.count, 1, "an iterator that is left early ends its operation");
});

Deno.test("a batch of large messages is split by size", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Large" });
  const content = "ж".repeat(500_000);
  const sent: number[] = [];
  const counting = createChatArchive(user.client, { useDatabase: true });
  const fetch = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    if (typeof init?.body === "string") sent.push(init.body.length);
    return fetch(input, init);
  };
  try {
    const messages = Array.from({ length: 5 }, () => ({ role: "user" as const, content }));
    await counting.addMessages({ chat_id, messages });
  } finally {
    globalThis.fetch = fetch;
  }
  assert(sent.length >= 3 && sent.every((length) => length < 1_100_000), String(sent));
  assertEquals((await all(archive.messages({ chat_id }))).length, 5);
});

Deno.test("the chat list is paged by key, ties included", async () => {
  const owner = await signUp();
  const mine = createChatArchive(owner.client);
  await asOperator((sql) =>
    sql`insert into chats (user_id, title, created_at)
        select ${owner.id}, 'chat ' || n, '2026-01-01'::timestamptz + (n / 10) * interval '1 us'
        from generate_series(1, 1205) n`
  );
  const pages: string[] = [];
  let after: ChatCursor | undefined;
  do {
    const page = await mine.listChats({ limit: 100, after });
    pages.push(...page.chats.map(({ id }) => id));
    after = page.next;
  } while (after);
  const listed = (await all(mine.chats())).map(({ id }) => id);
  assertEquals(listed.length, 1205);
  assertEquals(new Set(listed).size, 1205);
  assertEquals(pages, listed);
  await assertCode(
    () => mine.listChats({ after: { created_at: '"),x.eq.("', id: newId() } }),
    "invalid_request",
  );
});

Deno.test("the history has each message with its images and hits, in order", async () => {
  const { id: chat_id } = await archive.createChat({ title: "History" });
  const messages = await archive.addMessages({
    chat_id,
    messages: Array.from({ length: 620 }, (_, n) => ({ role: "user" as const, content: `${n}` })),
  });
  const hits = await archive.addSearchResults({
    chat_id,
    search_results: [
      ...messages.toReversed().filter((_, n) => n % 3 === 0).flatMap(({ id }) =>
        [1, 2].map((k) => ({ message_id: id, block_id: `block ${k}`, page_number: k }))
      ),
      { block_id: "loose", page_number: 9 },
    ],
  });
  const images = await asOperator((sql) =>
    sql<{ id: string; message_id: string }[]>`
      insert into chat_images (id, chat_id, user_id, message_id, image_name, s3_path, content_type, file_size)
      select i, chat_id, user_id, id, 'a.png', user_id || '/' || chat_id || '/images/' || i || '.png', 'image/png', 1
      from (select *, gen_random_uuid() as i from chat_messages
            where chat_id = ${chat_id} order by seq desc limit 200) m
      returning id, message_id`
  );
  const read = await all(archive.history({ chat_id }));
  assertEquals(read.map(({ id }) => id), messages.map(({ id }) => id));
  for (const message of read) {
    assertEquals(
      message.search_results,
      hits.filter(({ message_id }) => message_id === message.id),
    );
    assertEquals(
      message.images.map(({ id }) => id),
      images.filter(({ message_id }) => message_id === message.id).map(({ id }) => id),
    );
  }
  assertEquals(
    (await all(archive.history({ chat_id, after: messages[609]!.seq }))).map(({ id }) => id),
    messages.slice(610).map(({ id }) => id),
  );
  assertEquals((await all(archive.searchResults({ chat_id }))).at(-1)!.block_id, "loose");
  assertEquals((await all(archive.searchResults({ chat_id }))).length, hits.length);
  assertEquals((await all(archive.images({ chat_id }))).length, 200);
});

Deno.test("an aborted call rejects with the signal's reason; a slow one ends in time", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = archive.createChat({ title: "x", signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => aborted, Error), reason);
  assertEquals(entries.at(-1)!.outcome, "aborted");

  const { id } = await archive.createChat({ title: "Locked" });
  const hasty = createChatArchive(user.client, { timeout: 200, useDatabase: true });
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      await tx`select 1 from chats where id = ${id} for update`;
      await assertCode(() => hasty.updateChat({ id, title: "y" }), "database_unavailable");
    })
  );
});

Deno.test("nobody signed in is unauthorized", async () => {
  const nobody = await signUp();
  await nobody.client.auth.signOut();
  const mine: ChatArchive = createChatArchive(nobody.client);
  await assertCode(() => mine.createChat({ title: "x" }), "unauthorized");
  await assertCode(() => mine.deleteChat({ id: newId() }), "unauthorized");
});

Deno.test("a list with one row that is taken says what of it is saved", async () => {
  const archive = createChatArchive((await signUp()).client);
  const { id: chat_id } = await archive.createChat({ title: "A conflict" });
  const message = (content: string) => ({
    id: crypto.randomUUID(),
    role: "user" as const,
    content,
  });
  const taken = message("taken");
  await archive.addMessages({ chat_id, messages: [taken] });
  const first = Array.from({ length: 500 }, (_, n) => message(`${n}`));
  const second = [message("before"), { ...taken, content: "other" }, message("after")];
  const messages = [...first, ...second];
  const conflict = await assertCode(() => archive.addMessages({ chat_id, messages }), "conflict");
  const saved = [...first, second[0]!, second[2]!].map(({ id }) => id);
  assertEquals(conflict.saved, saved);
  const there = await Array.fromAsync(archive.messages({ chat_id }));
  assertEquals(there.map(({ id }) => id), [taken.id, ...saved]);
  assertEquals(there[0]!.content, "taken");
  // What the database refuses saves nothing of its request.
  const wrong = [message("fine"), { ...message("x"), role: "nobody" as "user" }];
  const refused = await assertCode(
    () => archive.addMessages({ chat_id, messages: wrong }),
    "invalid_request",
  );
  assertEquals(refused.saved, []);
  assertEquals((await Array.fromAsync(archive.messages({ chat_id }))).length, there.length);
});
