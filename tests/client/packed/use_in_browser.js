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
