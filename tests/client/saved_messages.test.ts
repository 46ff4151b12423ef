/** Lists of messages that are saved as one, by one writer and by several; and deletion. */
import { createChatArchive, type Message, type NewMessage } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { assertCode, contents } from "../support/client_calls.ts";
import { pdf, png } from "../support/files.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const archive = createChatArchive(user.client);
/** The same user on another device. */
const elsewhere = createChatArchive(user.client);
const theirs = createChatArchive((await signUp()).client);

const newId = () => crypto.randomUUID();
const user_ = (content: string): NewMessage & { id: string } => ({
  id: newId(),
  role: "user",
  content,
});
const ids = (messages: { id: string }[]) => messages.map(({ id }) => id);
const newChat = async () => (await archive.createChat({ title: "Saved" })).id;
const read = (chat_id: string) => Array.fromAsync(archive.messages({ chat_id }));

Deno.test("a list is added, changed, and what it replaces is gone; seq stays", async () => {
  const chat_id = await newChat();
  const [one, two, three] = [user_("one"), user_("two"), user_("three")];
  const first = await archive.saveMessages({ chat_id, messages: [one, two, three] });
  assertEquals(ids(first), ids([one, two, three]));
  assertEquals(await read(chat_id), first);

  const four = { ...user_("four"), role: "assistant" as const, status: "streaming" as const };
  const messages = [{ ...one, content: "one, edited", metadata: { a: 1 } }, three, four];
  const second = await archive.saveMessages({ chat_id, messages, replaces: ids(first) });
  assertEquals(await read(chat_id), second);
  assertEquals(second.map(({ content }) => content), ["one, edited", "three", "four"]);
  assertEquals(second.slice(0, 2).map(({ seq }) => seq), [first[0]!.seq, first[2]!.seq]);
  assertEquals([second[0]!.metadata, second[2]!.status], [{ a: 1 }, "streaming"]);

  // In another order than they are stored in.
  const turned = await archive.saveMessages({ chat_id, messages: messages.toReversed() });
  assertEquals(turned, second.toReversed());
  assertEquals(await archive.saveMessages({ chat_id, messages: [] }), []);
  const [made] = await archive.saveMessages({
    chat_id,
    messages: [{ role: "user", content: "x" }],
  });
  assertEquals((await read(chat_id)).at(-1)!.id, made!.id, "an id is made where none is given");
});

Deno.test("an equal list changes nothing", async () => {
  const chat_id = await newChat();
  const messages = [
    { ...user_("a"), parts: [{ type: "text", text: "a" }], metadata: { b: [1, { c: null }] } },
    { ...user_("b"), status: "error" as const, message_type: "note" },
  ];
  const stored = await archive.saveMessages({ chat_id, messages });
  const chat = await archive.getChat({ id: chat_id });
  for (const replaces of [[], ids(stored)]) {
    assertEquals(await archive.saveMessages({ chat_id, messages, replaces }), stored);
  }
  // What a list leaves out stays too.
  const little = messages.map(({ id, role, content }) => ({ id, role, content }));
  assertEquals(await archive.saveMessages({ chat_id, messages: little }), stored);
  assertEquals(await read(chat_id), stored);
  assertEquals(await archive.getChat({ id: chat_id }), chat, "updated_at included");
});

Deno.test("two writers: neither removes what the other has added, the later value stands", async () => {
  const chat_id = await newChat();
  const [question, answer] = [user_("question"), {
    ...user_("answer"),
    role: "assistant" as const,
  }];
  const known = ids(await archive.saveMessages({ chat_id, messages: [question, answer] }));

  // Both have read the same list. One goes on, the other regenerates.
  const more = user_("and then?");
  await archive.saveMessages({
    chat_id,
    messages: [{ ...question, content: "question 1" }, answer, more],
    replaces: known,
  });
  const better = { ...user_("a better answer"), role: "assistant" as const };
  await elsewhere.saveMessages({
    chat_id,
    messages: [{ ...question, content: "question 2" }, better],
    replaces: known,
  });
  assertEquals(await contents(archive, chat_id), ["question 2", "and then?", "a better answer"]);
});

Deno.test("many writers at once: each one's new message stays, what all replace is gone", async () => {
  const chat_id = await newChat();
  const shared = user_("shared");
  const old = user_("old");
  const known = ids(await archive.saveMessages({ chat_id, messages: [shared, old] }));
  const writers = Array.from({ length: 8 }, (_, n) => ({
    archive: n % 2 ? archive : elsewhere,
    own: user_(`own ${n}`),
    value: `shared ${n}`,
  }));
  await Promise.all(writers.map(({ archive, own, value }) =>
    archive.saveMessages({
      chat_id,
      messages: [{ ...shared, content: value }, own],
      replaces: known,
    })
  ));
  const left = await read(chat_id);
  assertEquals(new Set(ids(left)), new Set([shared.id, ...writers.map(({ own }) => own.id)]));
  const [first] = left;
  assertEquals(first!.id, shared.id);
  assert(writers.some(({ value }) => value === first!.content), first!.content);
  // Under the chat's lock, the last writer is the one whose message came last.
  assertEquals(first!.content, left.at(-1)!.content.replace("own", "shared"));
});

Deno.test("no image or document is lost that a remaining part names", async () => {
  const chat_id = await newChat();
  const document = await archive.uploadDocument({
    chat_id,
    document: { name: "a.pdf", content: pdf() },
  });
  const [kept, lost, loose] = await archive.uploadImages({
    chat_id,
    images: [1, 2, 3].map((seed) => ({ name: `${seed}.png`, content: png(4, 4, seed) })),
  });
  const naming = (message: NewMessage & { id: string }, ...files: string[]) => ({
    ...message,
    parts: files.map((url) => ({ type: "file", url })),
  });
  const image = ({ id }: { id: string }) => `chat-archive:image/${id}`;
  const old = naming(
    user_("old"),
    image(kept!),
    image(lost!),
    `chat-archive:document/${document.id}`,
  );
  const known = ids(await archive.saveMessages({ chat_id, messages: [old] }));
  assertEquals(
    (await Array.fromAsync(archive.images({ chat_id }))).map(({ message_id }) => message_id),
    [old.id, old.id, null],
    "an image of no message goes to the one that names it",
  );
  // One writer cites an image of the message that another one replaces, in a message of its own.
  const cites = naming(user_("cites"), image(kept!));
  await elsewhere.saveMessages({ chat_id, messages: [cites] });
  const fresh = naming(user_("new"), image(loose!), `chat-archive:document/${document.id}`);
  await archive.saveMessages({ chat_id, messages: [fresh], replaces: known });

  const history = await Array.fromAsync(archive.history({ chat_id }));
  assertEquals(
    history.map(({ id, images }) => [id, ids(images)]),
    [[cites.id, [kept!.id]], [fresh.id, [loose!.id]]],
  );
  assertEquals(await Array.fromAsync(archive.documents({ chat_id })), [document]);
  await assertCode(() => archive.download({ id: lost!.id }), "not_found");
  await (await archive.download({ id: kept!.id })).body.cancel();
});

Deno.test("what one list refuses, it refuses as a whole", async () => {
  const chat_id = await newChat();
  const [stored] = await archive.saveMessages({ chat_id, messages: [user_("one")] });
  const refused = async (
    messages: NewMessage[],
    code: "conflict" | "invalid_request",
    path: unknown[],
  ) => {
    const error = await assertCode(
      () =>
        archive.saveMessages({
          chat_id,
          messages: [user_("new"), ...messages],
          replaces: [stored!.id],
        }),
      code,
    );
    assertEquals(error.details?.[0]?.path, path);
    assertEquals(await read(chat_id), [stored]);
  };
  await refused([{ id: stored!.id, role: "assistant", content: "one" }], "conflict", ["role"]);
  const elsewhere_ = await newChat();
  const other = await archive.addMessage({ chat_id: elsewhere_, role: "user", content: "x" });
  await refused([{ id: other.id, role: "user", content: "x" }], "conflict", ["id"]);
  const twice = user_("twice");
  await refused([twice, twice], "invalid_request", ["messages"]);
  const long = Array.from({ length: 1000 }, () => user_("x"));
  await refused(long, "invalid_request", ["messages"]);
  const typo = { ...user_("x"), metdata: {} };
  await refused([typo], "invalid_request", ["messages", 1, "metdata"]);
  const when = { ...user_("x"), created_at: "yesterday" };
  await refused([when], "invalid_request", ["messages", 1, "created_at"]);
  const error = await assertCode(
    () => archive.saveMessages({ chat_id, messages: [], replaces: ids(long).concat(newId()) }),
    "invalid_request",
  );
  assertEquals(error.details?.[0]?.path, ["replaces"]);
  await assertCode(() => theirs.saveMessages({ chat_id, messages: [user_("x")] }), "not_found");
});

Deno.test("a thousand messages are saved and come back in one request each", async () => {
  const chat_id = await newChat();
  const messages = Array.from({ length: 1000 }, (_, n) => user_(String(n)));
  const stored = await archive.saveMessages({ chat_id, messages });
  assertEquals(ids(stored), ids(messages));
  assertEquals(await read(chat_id), stored);
});

Deno.test("messages are deleted, some or all after one, with what belongs to them", async () => {
  const chat_id = await newChat();
  const [a, b, c, d] = await archive.addMessages({
    chat_id,
    messages: ["a", "b", "c", "d"].map((content) => user_(content)),
  }) as [Message, Message, Message, Message];
  await archive.addSearchResults({
    chat_id,
    search_results: [a, d].map(({ id }) => ({ message_id: id, block_id: "b", page_number: 1 })),
  });
  assertEquals(await theirs.deleteMessages({ chat_id, ids: [a.id] }), []);
  assertEquals(await archive.deleteMessages({ chat_id, ids: [b.id, newId()] }), [b.id]);
  assertEquals(await archive.deleteMessages({ chat_id, ids: [b.id] }), []);
  assertEquals(
    (await archive.deleteMessages({ chat_id, after: a.seq })).toSorted(),
    ids([c, d]).toSorted(),
  );
  assertEquals(await read(chat_id), [a]);
  assertEquals((await Array.fromAsync(archive.searchResults({ chat_id }))).length, 1);
  const error = await assertCode(
    () => archive.deleteMessages({ chat_id, after: 2 ** 52 + 1 }),
    "invalid_request",
  );
  assertEquals(error.details?.[0]?.path, ["after"]);
});

Deno.test("2,500 messages are deleted in a few requests", async () => {
  const chat_id = await newChat();
  await asOperator((sql) =>
    sql`insert into chat_messages (chat_id, user_id, role, content)
        select ${chat_id}, ${user.id}, 'user', n from generate_series(1, 2500) n`
  );
  const [first] = await read(chat_id);
  const deleted = await archive.deleteMessages({ chat_id, after: first!.seq });
  assertEquals(new Set(deleted).size, 2499);
  assertEquals(await read(chat_id), [first]);
});

Deno.test("a repetition is the same write, also where what it named is gone since", async () => {
  const chat_id = await newChat();
  const [image] = await archive.uploadImages({ chat_id, images: [{ content: png(3, 3) }] });
  const message = { ...user_("see it"), parts: [{ url: `chat-archive:image/${image!.id}` }] };
  const [stored] = await archive.addMessages({ chat_id, messages: [message] });
  await elsewhere.deleteImages({ ids: [image!.id] });
  assertEquals(await archive.addMessages({ chat_id, messages: [message] }), [stored]);
  await assertCode(
    () => archive.addMessages({ chat_id, messages: [{ ...message, id: newId() }] }),
    "not_found",
  );
});

Deno.test("the parent of a stored message stays; another one is a conflict", async () => {
  const chat_id = await newChat();
  const [a, b] = [user_("a"), user_("b")];
  const c = { ...user_("c"), parent_id: a.id };
  await archive.saveMessages({ chat_id, messages: [a, b, c] });
  const error = await assertCode(
    () => archive.saveMessages({ chat_id, messages: [{ ...c, parent_id: b.id }] }),
    "conflict",
  );
  assertEquals(error.details?.[0]?.path, ["parent_id"]);
  await archive.deleteMessages({ chat_id, ids: [a.id] });
  const [stored] = await archive.saveMessages({ chat_id, messages: [c] });
  assertEquals([stored!.parent_id, stored!.content], [null, "c"]);
});
