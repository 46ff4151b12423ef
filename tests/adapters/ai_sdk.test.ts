/** Chats of the AI SDK against the stack: what goes in comes out. */
import { chatSaver, loadChat, saveChat, type UIMessage } from "@shared/client/adapters/ai_sdk.ts";
import { createChatArchive } from "@shared/client/mod.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { behindLine } from "../support/behind_line.ts";
import { assertCode } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";
import { setQuota } from "../support/usage.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const archive = createChatArchive(user.client);
/** The same user on another device. */
const elsewhere = createChatArchive(user.client);
const theirs = createChatArchive((await signUp()).client);

const newId = () => crypto.randomUUID().slice(0, 13);
const text = (text: string) => ({ type: "text", text });
const says = (role: "user" | "assistant", content: string, id = newId()): UIMessage => ({
  id,
  role,
  parts: [text(content)],
});
const dataUrl = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${(bytes as unknown as { toBase64(): string }).toBase64()}`;
const rowsOf = (chat_id: string) => Array.fromAsync(archive.history({ chat_id }));
type File = { type: string; url: string };

Deno.test("a list is saved, changed and loaded, in order; ids are the framework's", async () => {
  const id = newId();
  assertEquals(await loadChat(archive, { id }), []);
  const first = [says("user", "What is bzip2?"), says("assistant", "A compressor.")];
  const { chat_id, messages } = await saveChat(archive, { id, messages: first });
  assertEquals(await loadChat(archive, { id }), first);
  assertEquals(await loadChat(archive, { id: chat_id }), first, "the row's id does as well");
  assertEquals(messages.map(({ external_id }) => external_id), first.map(({ id }) => id));
  const chat = await archive.getChat({ id: chat_id });
  assertEquals([chat.external_id, chat.title], [id, "What is bzip2?"]);

  const second = [first[0]!, says("assistant", "Compression.", first[1]!.id), says("user", "Why?")];
  assertEquals((await saveChat(archive, { id, messages: second })).chat_id, chat_id);
  assertEquals(await loadChat(elsewhere, { id }), second);
});

Deno.test("of what a page knew, what is not in its list is deleted", async () => {
  const id = newId();
  const [question, answer] = [says("user", "q"), says("assistant", "a")];
  await saveChat(archive, { id, messages: [question, answer] });
  const added = says("user", "from another tab");
  await saveChat(elsewhere, { id, messages: [question, answer, added] });
  const better = says("assistant", "b");
  await saveChat(archive, { id, messages: [question, better], replaces: [question, answer] });
  assertEquals(await loadChat(archive, { id }), [question, added, better]);
});

Deno.test("a uuid is the row's id, also where another message goes; a long chat is not read for it", async () => {
  const id = newId();
  const { chat_id } = await saveChat(archive, { id, messages: [says("user", "first")] });
  const filler = Array.from({ length: 900 }, () => ({ role: "user" as const, content: "filler" }));
  await archive.addMessages({ chat_id, messages: filler });
  const uuid = () => crypto.randomUUID();
  const [question, answer, better] = [
    says("user", "q", uuid()),
    says("assistant", "a", uuid()),
    says("assistant", "b", uuid()),
  ] as const;
  await saveChat(archive, { id, messages: [question, answer] });
  let read = 0;
  const counting = {
    ...archive,
    async *messages(input: Parameters<typeof archive.messages>[0]) {
      for await (const message of archive.messages(input)) {
        read++;
        yield message;
      }
    },
  };
  const list = { id, messages: [question, better], replaces: [question, answer] };
  const { messages } = await saveChat(counting, list);
  assertEquals(messages.map(({ id }) => id), [question.id, better.id]);
  assertEquals(read, 1, "of 902 messages");
  assertEquals((await loadChat(archive, { id })).slice(-2), [question, better]);
});

Deno.test("files become images and documents, and are signed", async () => {
  const id = newId();
  const image = png(4, 3);
  const document = pdf();
  const message: UIMessage = {
    id: "with-files",
    role: "user",
    parts: [
      { type: "file", mediaType: "image/png", filename: "a.png", url: dataUrl("image/png", image) },
      {
        type: "file",
        mediaType: "application/pdf",
        filename: "b.pdf",
        url: dataUrl("application/pdf", document),
      },
      { type: "file", mediaType: "image/png", url: "https://example.com/x.png" },
      { type: "file", mediaType: "text/plain", url: "data:text/plain,hello" },
      text("See these."),
    ] as UIMessage["parts"],
  };
  const { chat_id } = await saveChat(archive, { id, messages: [message] });
  const [row] = await rowsOf(chat_id);
  assertEquals(row!.images.map(({ image_name }) => image_name), ["a.png"]);
  const [stored] = await Array.fromAsync(archive.documents({ chat_id }));
  assertEquals(stored!.name, "b.pdf");
  const urls = (row!.parts as File[]).map(({ url }) => url);
  assertEquals(urls, [
    `chat-archive:image/${row!.images[0]!.id}`,
    `chat-archive:document/${stored!.id}`,
    "https://example.com/x.png",
    "data:text/plain,hello",
    undefined as unknown as string,
  ]);

  const loaded = await loadChat(archive, { id });
  const files = loaded[0]!.parts as File[];
  assertEquals(await (await fetch(files[0]!.url)).bytes(), image);
  assertEquals(await (await fetch(files[1]!.url)).bytes(), document);
  const without = (parts: object[]) => parts.map(({ url: _, ...part }: { url?: string }) => part);
  assertEquals(without(files), without(message.parts));

  // Saved as it was loaded, and as it was: nothing is sent again.
  for (const messages of [loaded, [message], [structuredClone(message)]]) {
    await saveChat(elsewhere, { id, messages });
    assertEquals(await rowsOf(chat_id), [row]);
  }
});

Deno.test("a chat of another user", async () => {
  const id = crypto.randomUUID();
  await saveChat(archive, { id, messages: [says("user", "mine")] });
  assertEquals(await loadChat(theirs, { id }), []);
  await assertCode(
    () => saveChat(theirs, { id, messages: [says("user", "theirs")] }),
    "conflict",
  );
  // An id that is no uuid is each user's own.
  const name = newId();
  for (const [one, content] of [[archive, "mine"], [theirs, "theirs"]] as const) {
    await saveChat(one, { id: name, messages: [says("user", content, "1")] });
    assertEquals(await loadChat(one, { id: name }), [says("user", content, "1")]);
  }
});

Deno.test("what can't be saved is refused with its place, and nothing is saved", async () => {
  const id = newId();
  const good = says("user", "good", "good");
  const circle: Record<string, unknown> = { type: "data-x" };
  circle.data = circle;
  const wrong: [unknown, string][] = [
    [{ messages: "all" }, "messages"],
    [{ messages: [null] }, "messages.0.id"],
    [{ messages: [good, { ...good, id: undefined }] }, "messages.1.id"],
    [{ messages: [good, { ...good, id: "" }] }, "messages.1.id"],
    [{ messages: [good, good] }, "messages.1.id"],
    [{ messages: [{ ...good, role: "system" }] }, "messages.0.role"],
    [{ messages: [{ ...good, role: "tool" }] }, "messages.0.role"],
    [{ messages: [{ ...good, parts: undefined }] }, "messages.0.parts"],
    [{ messages: [{ ...good, parts: [text("x"), null] }] }, "messages.0.parts.1.type"],
    [{ messages: [{ ...good, parts: [{ type: "data-x", data: 1n }] }] }, "messages.0.parts.0.data"],
    [{ messages: [{ ...good, parts: [{ type: "d", at: new Date() }] }] }, "messages.0.parts.0.at"],
    [{ messages: [{ ...good, parts: [{ type: "d", n: NaN }] }] }, "messages.0.parts.0.n"],
    [{ messages: [{ ...good, metadata: { f: () => 1 } }] }, "messages.0.metadata.f"],
    [{ messages: [good], replaces: [{ ...good, id: 7 }] }, "replaces.0.id"],
    [{ messages: [good], id: "" }, "id"],
  ];
  for (const [input, place] of wrong) {
    const call = () => saveChat(archive, { id, ...input as { messages: UIMessage[] } });
    const { details } = await assertCode(call, "invalid_request");
    assertEquals((details as { path: unknown[] }[])[0]!.path.join("."), place);
  }
  const nested = { ...good, parts: [circle] } as unknown as UIMessage;
  const { message } = await assertCode(
    () => saveChat(archive, { id, messages: [nested] }),
    "invalid_request",
  );
  assertMatch(message, /^messages\.0\.parts\.0\.data.*no circle/);
  assertEquals(await loadChat(archive, { id }), []);
  assertEquals((await archive.listChats({ external_id: id })).chats, []);
});

Deno.test("a file over the quota: the text is saved, and the error names the part", async () => {
  const owner = await signUp();
  const own = createChatArchive(owner.client);
  const first = png(4, 3);
  await setQuota(owner, { max_file_bytes: first.length + 1 });
  const id = newId();
  const file = (bytes: Uint8Array) => ({
    type: "file",
    mediaType: "image/png",
    url: dataUrl("image/png", bytes),
  });
  const messages: UIMessage[] = [
    { id: "q", role: "user", parts: [file(first), text("first")] },
    { id: "a", role: "assistant", parts: [text("second"), file(png(9, 9, 3))] },
    says("user", "third", "q2"),
  ];
  const error = await assertCode(() => saveChat(own, { id, messages }), "quota_exceeded");
  assertMatch(error.message, /^messages\.1\.parts\.1: /);
  assertEquals((error.details as { quota: string }).quota, "max_file_bytes");
  const loaded = await loadChat(own, { id });
  assertEquals(
    loaded.map(({ parts }) => parts.map((part) => (part as unknown as { text: string }).text)),
    [
      [undefined, "first"],
      ["second", undefined],
      ["third"],
    ],
  );
  assertEquals((loaded[1]!.parts[1] as File).url, "data:image/png;base64,");

  // With more room the same list is saved whole.
  await setQuota(owner, { max_file_bytes: 1_000_000 });
  await saveChat(own, { id, messages });
  const again = await loadChat(own, { id });
  assertEquals(await (await fetch((again[1]!.parts[1] as File).url)).bytes(), png(9, 9, 3));
});

Deno.test("a file that is none: the text is saved, and the error names the part", async () => {
  const id = newId();
  const urls: [string, string][] = [
    ["data:image/png;base64,???", "invalid_request"],
    [dataUrl("image/png", new TextEncoder().encode("no picture")), "upload_mismatch"],
    [`data:audio/mpeg;base64,${"A".repeat(300_000)}`, "unsupported_media_type"],
  ];
  for (const [url, code] of urls) {
    const parts = [text("read me"), {
      type: "file",
      mediaType: url.slice(5, url.indexOf(";")),
      url,
    }];
    const { message } = await assertCode(
      () => saveChat(archive, { id, messages: [{ id: "m", role: "user", parts }] }),
      code as "invalid_request",
    );
    assertMatch(message, /^messages\.0\.parts\.1: /);
    assertEquals((await loadChat(archive, { id }))[0]!.parts[0], text("read me"));
  }
});

Deno.test("a message that another tab has deleted with its image is saved again", async () => {
  const id = newId();
  const url = dataUrl("image/png", png(4, 4, 9));
  const question: UIMessage = {
    id: "q",
    role: "user",
    parts: [{ type: "file", mediaType: "image/png", url } as { type: string }],
  };
  const answer = says("assistant", "Nice.", "a");
  await saveChat(archive, { id, messages: [question, answer] });
  const loaded = await loadChat(archive, { id });
  const drop = () => saveChat(elsewhere, { id, messages: [answer], replaces: [question, answer] });

  // Known by its bytes: it is uploaded again.
  await drop();
  const { chat_id } = await saveChat(archive, { id, messages: [question, answer] });
  const [row] = (await rowsOf(chat_id)).filter(({ external_id }) => external_id === "q");
  assertEquals(row!.images.length, 1);
  // Known by its URL alone: nothing is left of it, and the message is kept.
  await drop();
  await saveChat(elsewhere, { id, messages: loaded });
  const [, kept] = await loadChat(archive, { id });
  assertEquals(
    kept!.parts,
    [{
      type: "file",
      mediaType: "image/png",
      url: "data:image/png;base64,",
    }] as object[] as UIMessage["parts"],
  );
});

Deno.test("a document that was deleted comes back with the message that has it", async () => {
  const id = newId();
  const file = {
    type: "file",
    mediaType: "application/pdf",
    url: dataUrl("application/pdf", pdf()),
  };
  const message: UIMessage = { id: "q", role: "user", parts: [file] };
  const { chat_id } = await saveChat(archive, { id, messages: [message] });
  const idOf = async () =>
    (await Array.fromAsync(archive.documents({ chat_id }))).map(({ id }) => id);
  const [first] = await idOf();
  await elsewhere.deleteDocument({ id: first! });
  await saveChat(archive, { id, messages: [structuredClone(message)] });
  const [second, ...others] = await idOf();
  assertEquals([second === first, others], [false, []]);
  const [{ parts: [part] }] = await loadChat(archive, { id }) as [UIMessage];
  assertEquals(await (await fetch((part as File).url)).bytes(), pdf());
});

Deno.test("sources with a page become search results, once", async () => {
  const id = newId();
  const facts = { page_number: 3, block_id: "b-1", block_text: "compressing", score: 0.25 };
  const sources = [
    {
      type: "source-document",
      sourceId: "s1",
      mediaType: "application/pdf",
      title: "Manual",
      providerMetadata: {
        "chat-archive": {
          ...facts,
          coords_norm: [[0.1, 0.2, 0.3, 0.4]],
          coords_px: [10, 20, 30, 40],
        },
      },
    },
    {
      type: "source-document",
      sourceId: "s2",
      mediaType: "text/plain",
      title: "Cited",
      providerMetadata: {
        anthropic: { startPageNumber: 8, endPageNumber: 9, citedText: "memory" },
      },
    },
    { type: "source-url", sourceId: "s3", url: "https://example.com" },
  ];
  const message: UIMessage = { id: "a", role: "assistant", parts: [text("See."), ...sources] };
  const { chat_id } = await saveChat(archive, { id, messages: [message] });
  await saveChat(elsewhere, { id, messages: structuredClone([message]) });
  const [row] = await rowsOf(chat_id);
  const essence = row!.search_results.map((
    { page_number, block_id, block_text, score, coords_norm, coords_px },
  ) => ({ page_number, block_id, block_text, score, coords_norm, coords_px }));
  assertEquals(essence, [
    { ...facts, coords_norm: [[0.1, 0.2, 0.3, 0.4]], coords_px: [[10, 20, 30, 40]] },
    {
      page_number: 8,
      block_id: "s2",
      block_text: "memory",
      score: null,
      coords_norm: null,
      coords_px: null,
    },
  ]);
  assertEquals(await loadChat(archive, { id }), [message]);
});

Deno.test("messages that something else has written are loaded, and saved as what they are", async () => {
  const { id } = await archive.createChat({ title: "By hand" });
  const first = await archive.addMessage({ chat_id: id, role: "user", content: "Look." });
  const [image] = await archive.uploadImages({
    chat_id: id,
    images: [{ name: "a.png", content: png(5, 5), message_id: first.id }],
  });
  const [hit] = await archive.addSearchResults({
    chat_id: id,
    search_results: [{ message_id: first.id, block_id: "b", page_number: 2 }],
  });
  const loaded = await loadChat(archive, { id });
  const [{ id: message_id, parts }] = loaded as [UIMessage];
  assertEquals(message_id, first.id);
  assertEquals(parts.map(({ type }) => type), ["text", "file", "source-document"]);
  assertEquals(await (await fetch((parts[1] as File).url)).bytes(), png(5, 5));
  await saveChat(archive, { id, messages: [...loaded, says("assistant", "I do.", "a1")] });
  const rows = await rowsOf(id);
  assertEquals(rows.map(({ id }) => id)[0], first.id);
  assertEquals(rows.length, 2);
  assertEquals(rows[0]!.images.map(({ id }) => id), [image!.id]);
  assertEquals(rows[0]!.search_results.map(({ id }) => id), [hit!.id]);
});

Deno.test("a chat comes back from a zip as the same messages, and can be gone on with", async () => {
  const id = newId();
  const messages: UIMessage[] = [
    {
      id: crypto.randomUUID(),
      role: "user",
      metadata: [1, "a\0b"],
      parts: [
        {
          type: "file",
          mediaType: "image/png",
          url: dataUrl("image/png", png(7, 3)),
        } as object as {
          type: string;
        },
        text("chat-archive:image/00000000-0000-4000-8000-000000000000"),
      ],
    },
    says("assistant", "An incomparable snorkel.", "second"),
  ];
  await saveChat(archive, { id, messages });
  const before = await loadChat(archive, { id });
  const { chat_id } = await saveChat(archive, { id, messages: before });
  const { results } = await archive.searchPage({ query: "snorkel" });
  assertEquals(results.map((found) => found.chat_id), [chat_id]);

  const { body } = await archive.exportChat({ chat_id, format: "zip" });
  const content = await new Response(body).blob();
  const imported = await archive.importChat({ content, content_type: "application/zip" });
  const after = await loadChat(archive, { id: imported.chat_id });
  const bytes = async ([first]: UIMessage[]) =>
    await (await fetch((first!.parts[0] as File).url)).bytes();
  assertEquals(await bytes(after), await bytes(before));
  const withoutUrl = ([first, ...others]: UIMessage[]) => [
    { ...first, parts: [{ ...first!.parts[0], url: "" }, ...first!.parts.slice(1)] },
    ...others,
  ];
  assertEquals(withoutUrl(after), withoutUrl(before));

  // Its rows have other ids: those are found.
  const more = [...after, says("user", "More.", "third")];
  await saveChat(archive, { id: imported.chat_id, messages: more });
  const three = await loadChat(archive, { id: imported.chat_id });
  assertEquals(three.map(({ id }) => id), more.map(({ id }) => id));
  await saveChat(archive, { id: imported.chat_id, messages: [], replaces: three });
  assertEquals(await loadChat(archive, { id: imported.chat_id }), []);
});

Deno.test("a deleted chat is gone with the files that it was saved with", async () => {
  const id = newId();
  const files = [["image/png", png(5, 7, 8)], ["application/pdf", pdf()]] as const;
  const parts = files.map(([mediaType, bytes]) => ({
    type: "file",
    mediaType,
    url: dataUrl(mediaType, bytes),
  }));
  const { chat_id } = await saveChat(archive, { id, messages: [{ id: "q", role: "user", parts }] });
  const [{ parts: loaded }] = await loadChat(archive, { id }) as [UIMessage];
  await archive.deleteChat({ id: chat_id });
  assertEquals((await archive.awaitDeletion({ id: chat_id })).objects_deleted, 2);
  for (const part of loaded as File[]) {
    const response = await fetch(part.url);
    await response.body?.cancel();
    assertEquals(response.status, 404);
  }
  assertEquals(await loadChat(archive, { id }), []);
});

Deno.test("a list that comes while another is saved is saved after it", async () => {
  const id = newId();
  const errors: unknown[] = [];
  const saver = chatSaver(archive, { id, onError: (error) => errors.push(error) });
  for (let n = 1; n <= 40; n++) saver.save([says("assistant", "x".repeat(n), "a")]);
  await saver.settled();
  assertEquals(await loadChat(archive, { id }), [says("assistant", "x".repeat(40), "a")]);
  saver.save([says("assistant", "other", "b")]);
  await saver.settled();
  assertEquals(await loadChat(archive, { id }), [says("assistant", "other", "b")]);
  saver.save([says("assistant", "wrong", "")]);
  await saver.settled();
  assertEquals(errors.length, 1);
  saver.save([says("assistant", "right", "c")], "incomplete");
  await saver.settled();
  const [chat] = (await archive.listChats({ external_id: id })).chats;
  const rows = await rowsOf(chat!.id);
  assertEquals(rows.map(({ content, status }) => [content, status]), [["right", "incomplete"]]);
});

Deno.test("while the server is away a chat is kept here", async () => {
  await using line = await behindLine();
  const { archive: local, relay, server } = line;
  const id = newId();
  const messages = [says("user", "before", "1")];
  await saveChat(local, { id, messages });
  await loadChat(local, { id });
  relay.become("cut");
  const file = { type: "file", mediaType: "image/png", url: dataUrl("image/png", png(2, 2, 7)) };
  const more: UIMessage[] = [...messages, { id: "2", role: "user", parts: [file, text("during")] }];
  await saveChat(local, { id, messages: more });
  const here = await loadChat(local, { id });
  assertEquals(here.map(({ parts }) => parts.at(-1)), [text("before"), text("during")]);
  await saveChat(local, { id, messages: here });
  relay.become("open");
  await eventually("replayed", async () => (await local.pending()).length === 0);
  assertEquals(await local.conflicts(), []);
  const there = await loadChat(server, { id });
  assertEquals(await (await fetch((there[1]!.parts[0] as File).url)).bytes(), png(2, 2, 7));
});
