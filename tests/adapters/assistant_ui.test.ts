/** The adapters of assistant-ui against the stack. */
import {
  attachmentAdapter,
  feedbackAdapter,
  type PendingAttachment,
  threadHistoryAdapter,
  threadListAdapter,
  type ThreadMessage,
} from "@shared/client/adapters/assistant_ui.ts";
import { loadChat, saveChat, type UIMessage } from "@shared/client/adapters/ai_sdk.ts";
import { createChatArchive } from "@shared/client/mod.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { behindLine } from "../support/behind_line.ts";
import { assertCode } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const { client } = await signUp();
const archive = createChatArchive(client);
const list = threadListAdapter(archive);

/** A thread that is open. */
function openThread(threadId: string = crypto.randomUUID()) {
  let remoteId: string | undefined;
  return {
    getState: () => ({ remoteId }),
    async initialize() {
      remoteId ??= (await list.initialize(threadId)).remoteId;
      return { remoteId };
    },
  };
}

const newId = () => crypto.randomUUID().slice(0, 7);
const createdAt = new Date("2026-11-01T10:00:00.123Z");
const user = (text: string): ThreadMessage => ({
  id: newId(),
  role: "user",
  createdAt,
  content: [{ type: "text", text }],
  attachments: [],
  metadata: { custom: {} },
});
const assistant = (text: string, more: object[] = []): ThreadMessage => ({
  id: newId(),
  role: "assistant",
  createdAt,
  content: [{ type: "text", text }, ...more],
  status: { type: "complete", reason: "stop" },
  metadata: {
    unstable_state: null,
    unstable_annotations: [],
    unstable_data: [],
    steps: [{ usage: { inputTokens: 1, outputTokens: 2 } }],
    custom: { a: "b" },
  },
});

Deno.test("threads are chats: begun, listed by page, renamed, archived, deleted", async () => {
  const { client } = await signUp();
  const own = createChatArchive(client);
  const list = threadListAdapter(own);
  const made = await list.initialize("a-name");
  assertEquals(await list.initialize("a-name"), made, "twice is once");
  assertEquals(made.externalId, "a-name");
  const { remoteId } = made;
  await list.rename(remoteId, "  Apollo  ");
  await list.updateCustom(remoteId, { pinned: true });
  await list.archive(remoteId);
  const { lastMessageAt, ...thread } = await list.fetch(remoteId);
  assert(lastMessageAt instanceof Date);
  assertEquals(thread, {
    status: "archived",
    remoteId,
    externalId: "a-name",
    title: "Apollo",
    custom: { pinned: true },
  });
  await list.unarchive(remoteId);
  await list.updateCustom(remoteId, undefined);
  assertEquals([(await list.fetch(remoteId)).status, (await list.fetch(remoteId)).custom], [
    "regular",
    {},
  ]);
  const stream = await list.generateTitle(remoteId, [user("Which memory does bzip2 need?")]);
  const chunks = await Array.fromAsync(stream);
  assertEquals(chunks.map(({ type }) => type), ["part-start", "text-delta", "part-finish"]);
  assertEquals((await list.fetch(remoteId)).title, "Which memory does bzip2 need?");

  for (let n = 0; n < 60; n++) await own.createChat({ title: `chat ${n}` });
  const first = await list.list();
  const second = await list.list({ after: first.nextCursor });
  const all = [...first.threads, ...second.threads];
  assertEquals([first.threads.length, new Set(all.map(({ remoteId }) => remoteId)).size], [50, 61]);
  assertEquals(second.nextCursor, undefined);
  await list.delete(remoteId);
  await list.delete(remoteId);
  await assertCode(() => list.fetch(remoteId), "not_found");
});

Deno.test("a new thread is one of its own, also where pages name theirs alike", async () => {
  // As server rendering does: React gives the same ids to each page.
  const [here, there] = [threadListAdapter(archive), threadListAdapter(archive)];
  const custom = { pinned: true };
  const first = await here.initialize("__LOCALID_R1", { custom });
  assertEquals(await here.initialize("__LOCALID_R1", { custom }), first, "twice is once");
  const second = await there.initialize("__LOCALID_R1");
  assertNotEquals(second.remoteId, first.remoteId);
  assertEquals((await here.fetch(first.remoteId)).custom, custom);
  assertEquals((await here.fetch(second.remoteId)).custom, {});
});

Deno.test("what was begun in a thread ends in it, whichever is open then", async () => {
  const [mine, other] = [openThread(), openThread()];
  let open = mine;
  const thread = () => open;
  const message = user("Mine.");
  const history = threadHistoryAdapter(archive, thread);
  const appended = history.append({ message, parentId: null });
  open = other;
  await appended;
  open = mine;
  const file = new File([png(6, 6)], "a.png", { type: "image/png" });
  const attached = attachmentAdapter(archive, thread).add({ file }).next();
  open = other;
  await attached;
  const { remoteId } = await mine.initialize();
  await eventually("attached", async () => {
    return (await Array.fromAsync(archive.images({ chat_id: remoteId }))).length === 1;
  });
  assertEquals(other.getState().remoteId, undefined);
  open = mine;
  assertEquals((await history.load()).messages.map(({ message }) => message), [message]);
});

Deno.test("a thread comes back with its branches, whatever its messages hold", async () => {
  const thread = openThread();
  const history = threadHistoryAdapter(archive, () => thread);
  assertEquals(await history.load(), { messages: [] });
  const question: ThreadMessage = {
    ...user("Look at this."),
    attachments: [
      {
        id: "f1",
        type: "document",
        name: "note.txt",
        contentType: "text/plain",
        status: { type: "complete" },
        content: [{ type: "text", text: "<attachment>hello</attachment>" }],
      },
    ],
  };
  const one = assistant("One.", [
    { type: "reasoning", text: "Hm." },
    {
      type: "tool-call",
      toolCallId: "c",
      toolName: "t",
      args: { a: 1 },
      argsText: '{"a":1}',
      result: [null],
    },
    {
      type: "source",
      sourceType: "document",
      id: "s",
      title: "Manual",
      mediaType: "application/pdf",
      providerMetadata: { "chat-archive": { page_number: 4, block_id: "b" } },
    },
    { type: "data", name: "chart", data: { "chat-archive": "x\0" } },
  ]);
  const two = { ...assistant("Two."), status: { type: "incomplete", reason: "cancelled" } };
  const next = user("And then?");
  const items = [
    { message: question, parentId: null, runConfig: { custom: { k: 1 } } },
    { message: one, parentId: question.id },
    { message: two, parentId: question.id },
    { message: next, parentId: one.id },
  ];
  for (const item of items) await history.append(item);
  assertEquals((await history.load()).messages, items);

  const edited = { ...one, content: [{ type: "text", text: "One, edited." }] };
  await history.update({ message: edited, parentId: question.id });
  // Of a message whose first writing failed.
  const late = assistant("Late.");
  await history.update({ message: late, parentId: "never-saved" });
  const { messages } = await history.load();
  assertEquals(messages.map(({ message }) => message), [question, edited, two, next, late]);
  const { remoteId } = thread.getState();
  const rows = await Array.fromAsync(archive.history({ chat_id: remoteId! }));
  assertEquals(rows.map(({ status }) => status), [
    "complete",
    "complete",
    "incomplete",
    "complete",
    "complete",
  ]);
  assertEquals(rows[1]!.search_results.map(({ page_number }) => page_number), [4]);
  const { results } = await archive.searchPage({ query: "edited", chat_id: remoteId! });
  assertEquals(results.map(({ message_id }) => message_id), [rows[1]!.id]);

  await history.delete([{ message: late, parentId: null }]);
  await history.delete([{ message: late, parentId: null }]);
  assertEquals((await history.load()).messages.length, 4);
  const system = { ...user("x"), role: "system" as const };
  await assertCode(() => history.append({ message: system, parentId: null }), "invalid_request");
});

Deno.test("an attachment is uploaded when it is chosen, and belongs to its message when sent", async () => {
  const thread = openThread();
  const adapter = attachmentAdapter(archive, () => thread);
  const add = async (name: string, type: string, bytes: Uint8Array<ArrayBuffer>) =>
    await Array.fromAsync(adapter.add({ file: new File([bytes], name, { type }) }));
  const states = await add("a.png", "image/png", png(30, 30));
  assertEquals(states[0]!.status, { type: "running", reason: "uploading", progress: 0 });
  const pending = states.at(-1)!;
  assertEquals(pending.status, { type: "requires-action", reason: "composer-send" });
  const paper = (await add("b.pdf", "application/pdf", pdf())).at(-1)!;
  const complete = [await adapter.send(pending), await adapter.send(paper)];
  assertEquals(complete.map(({ content: [part] }) => part!.type), ["image", "file"]);

  const history = threadHistoryAdapter(archive, () => thread);
  const withoutFile = ({ file: _, ...attachment }: PendingAttachment | typeof complete[number]) =>
    attachment;
  const question = { ...user("See."), attachments: complete.map(withoutFile) };
  await history.append({ message: question, parentId: null });
  const chat_id = thread.getState().remoteId!;
  const [row] = await Array.fromAsync(archive.history({ chat_id }));
  assertEquals(row!.images.map(({ id, image_name }) => [id, image_name]), [[pending.id, "a.png"]]);
  assert(!JSON.stringify(row!.parts).includes("X-Amz"), "no signed URL is stored");
  const [loaded] = (await history.load()).messages;
  type Loaded = { content: { image?: string; data?: string }[] }[];
  const [image, file] = loaded!.message.attachments as Loaded;
  assertEquals(await (await fetch(image!.content[0]!.image!)).bytes(), png(30, 30));
  assertEquals(await (await fetch(file!.content[0]!.data!)).bytes(), pdf());

  // Taken away again, it is deleted; what was sent is not.
  const other = (await add("c.png", "image/png", png(3, 3))).at(-1)!;
  await adapter.remove(other);
  await adapter.remove(other);
  await adapter.remove(complete[0]!);
  assertEquals((await Array.fromAsync(archive.images({ chat_id }))).map(({ id }) => id), [
    pending.id,
  ]);
  const wrong = (await add("d.png", "image/png", pdf())).at(-1)!;
  assertEquals(wrong.status.type, "incomplete");
});

Deno.test("feedback is kept in the message's metadata", async () => {
  const thread = openThread();
  const history = threadHistoryAdapter(archive, () => thread);
  const answer = assistant("Good?");
  await history.append({ message: answer, parentId: null });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const feedback = feedbackAdapter(archive, () => thread, { onError });
  feedback.submit({ message: answer, type: "negative" });
  feedback.submit({ message: answer, type: "positive", comment: "Short." });
  await eventually("kept", async () => {
    const { metadata } = (await history.load()).messages[0]!.message;
    return (metadata as { submittedFeedback?: { type: string } }).submittedFeedback?.type ===
      "positive";
  });
  const [loaded] = (await history.load()).messages;
  assertEquals(loaded!.message, {
    ...answer,
    metadata: { ...answer.metadata, submittedFeedback: { type: "positive", comment: "Short." } },
  });
  assertEquals(errors, []);
  feedback.submit({ message: user("unknown"), type: "positive" });
  await eventually("refused", () => errors.length === 1);
});

/** As assistant-ui's runtime for the AI SDK has it. */
const format = {
  format: "ai-sdk/v6",
  encode: ({ message: { id: _, ...content } }: { message: UIMessage }) =>
    content as Record<string, unknown>,
  decode: ({ id, parent_id, content }: {
    id: string;
    parent_id: string | null;
    content: Record<string, unknown>;
  }) => ({ parentId: parent_id, message: { id, ...content } as unknown as UIMessage }),
  getId: ({ id }: UIMessage) => id,
};

Deno.test("messages of a runtime's format come back, and are those of the AI SDK", async () => {
  const thread = openThread();
  const history = threadHistoryAdapter(archive, () => thread).withFormat(format);
  const says = (role: "user" | "assistant", text: string): UIMessage => ({
    id: newId(),
    role,
    parts: [{ type: "text", text } as { type: string }],
  });
  const [question, one, two] = [says("user", "q"), says("assistant", "1"), says("assistant", "2")];
  const items = [
    { message: question, parentId: null },
    { message: one, parentId: question.id },
    { message: two, parentId: question.id },
  ];
  for (const item of items) await history.append(item);
  await history.update(items[2]!, two.id);
  assertEquals((await history.load()).messages, items);
  const id = thread.getState().remoteId!;
  assertEquals(await loadChat(archive, { id }), [question, one, two]);
  await history.delete([items[2]!]);
  await saveChat(archive, { id, messages: [question, one, says("user", "r")] });
  const { messages } = await history.load();
  assertEquals(messages.map(({ parentId }) => parentId), [null, question.id, one.id]);

  // A format that has no parts is kept whole, and apart.
  const odd = threadHistoryAdapter(archive, () => thread).withFormat({
    format: "odd/v1",
    encode: ({ message }: { message: { key: string; deep: object } }) => ({ ...message }),
    decode: ({ parent_id, content }) => ({ parentId: parent_id, message: content }),
    getId: ({ key }) => key,
  });
  const item = { message: { key: "k", deep: { a: [1, null] } }, parentId: messages[2]!.message.id };
  await odd.append(item);
  assertEquals((await odd.load()).messages.at(-1), item);
  assertEquals((await history.load()).messages.length, 3);
});

Deno.test("a chat that something else has written is a thread", async () => {
  const thread = openThread("by-hand");
  const { remoteId } = await thread.initialize();
  const first = await archive.addMessage({ chat_id: remoteId, role: "user", content: "Look." });
  await archive.uploadImages({
    chat_id: remoteId,
    images: [{ name: "a.png", content: png(5, 5), message_id: first.id }],
  });
  await archive.addMessage({ chat_id: remoteId, role: "assistant", content: "I do." });
  const { messages } = await threadHistoryAdapter(archive, () => thread).load();
  assertEquals(messages.map(({ parentId }) => parentId), [null, first.id]);
  const types = messages.map(({ message }) =>
    message.content.map((part) => (part as UIMessage["parts"][0]).type)
  );
  assertEquals(types, [["text", "image"], ["text"]]);
});

Deno.test("a thread with instructions in it, or of another user, is refused", async () => {
  const thread = openThread();
  const history = threadHistoryAdapter(archive, () => thread);
  const system = { ...user("Be short."), role: "system" } as ThreadMessage;
  await assertCode(() => history.append({ message: system, parentId: null }), "invalid_request");
  assertEquals(thread.getState().remoteId, undefined, "and nothing is begun");
  await history.append({ message: user("Mine."), parentId: null });
  const theirs = createChatArchive((await signUp()).client);
  const { remoteId } = thread.getState();
  await assertCode(() => threadListAdapter(theirs).fetch(remoteId!), "not_found");
  const strange = threadHistoryAdapter(theirs, () => thread);
  assertEquals(await strange.load(), { messages: [] });
  const message = user("Theirs.");
  await assertCode(() => strange.append({ message, parentId: null }), "not_found");
});

Deno.test("while the server is away a thread is kept here", async () => {
  await using line = await behindLine();
  const { archive: local, relay, server } = line;
  relay.become("cut");
  const list = threadListAdapter(local);
  const { remoteId } = await list.initialize("__LOCALID_x");
  const thread = {
    getState: () => ({ remoteId }),
    initialize: () => Promise.resolve({ remoteId }),
  };
  const history = threadHistoryAdapter(local, () => thread);
  const [question, answer] = [user("q"), assistant("a")];
  await history.append({ message: question, parentId: null });
  await history.append({ message: answer, parentId: question.id });
  await list.rename(remoteId, "Here");
  const before = await history.load();
  assertEquals(before.messages.map(({ message }) => message), [question, answer]);
  relay.become("open");
  await eventually("replayed", async () => (await local.pending()).length === 0);
  assertEquals(await local.conflicts(), []);
  assertEquals(await threadHistoryAdapter(server, () => thread).load(), before);
  assertEquals((await threadListAdapter(server).fetch(remoteId)).title, "Here");
});
