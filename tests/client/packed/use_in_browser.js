/** Runs in a page; its functions are called by a test. */
import * as library from "chat-archive";
import { exercise } from "./exercise.js";

const { supabase: { createClient } } = globalThis;

globalThis.exercised = async ({ url, key }) => {
  const response = await fetch("/page.png");
  return await exercise({
    supabase: createClient(url, key),
    library,
    content: await response.blob(),
  });
};

const opened = ({ url, key }) =>
  library.createChatArchive(createClient(url, key), {
    offline: "local",
    offlineStore: library.indexedDbStore(),
    retryAfter: 100,
    useDatabase: true,
  });

globalThis.beginChat = async (stack) => {
  globalThis.archive = opened(stack);
  const { id } = await globalThis.archive.createChat({ title: "In a browser" });
  return id;
};

globalThis.say = async (chat_id, content) => {
  const { pending } = await globalThis.archive.addMessage({ chat_id, role: "user", content });
  return pending ?? false;
};

globalThis.readBack = async (stack, chat_id) => {
  const archive = opened(stack);
  const before = (await archive.pending()).length;
  for (const deadline = Date.now() + 5000; Date.now() < deadline;) {
    if ((await archive.pending()).length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const contents = [];
  for await (const { content } of archive.messages({ chat_id })) contents.push(content);
  return { before, contents };
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
globalThis.pause = pause;

globalThis.signUp = async ({ url, key }) => {
  const email = `${crypto.randomUUID()}@example.com`;
  await createClient(url, key).auth.signUp({ email, password: crypto.randomUUID() });
};

globalThis.openArchive = (stack) => {
  globalThis.archive = opened(stack);
};

/** Streams an answer. @returns its whole text */
globalThis.stream = async (chat_id, pieces) => {
  const status = "streaming";
  const message = { chat_id, role: "assistant", content: "", status };
  const { id } = await globalThis.archive.addMessage(message);
  let content = "";
  for (let piece = 0; piece < pieces; piece++) {
    content += ` ${piece}`;
    await globalThis.archive.updateMessage({ id, content });
    await pause(10);
  }
  await globalThis.archive.updateMessage({ id, status: "complete" });
  return content;
};

/** Replays again and again. @returns how many writes were saved by it */
globalThis.replayFor = async (times) => {
  let saved = 0;
  for (let n = 0; n < times; n++) {
    saved += (await globalThis.archive.sync().catch(() => ({ saved: 0 }))).saved;
    await pause(20);
  }
  return saved;
};

globalThis.left = async () => {
  for (const deadline = Date.now() + 5000; Date.now() < deadline;) {
    if ((await globalThis.archive.pending()).length === 0) break;
    await pause(20);
  }
  return {
    pending: (await globalThis.archive.pending()).length,
    conflicts: (await globalThis.archive.conflicts()).length,
  };
};
