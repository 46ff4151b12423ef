/** A page that keeps its chat in the archive. Its functions are called by a test. */
import { useChat } from "@ai-sdk/react";
import { createClient } from "@supabase/supabase-js";
import type { UIMessage } from "ai";
import { type ChatArchive, createChatArchive } from "chat-archive";
import { chatSaver, loadChat } from "chat-archive/ai-sdk";
import { useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";

type Shared = ReturnType<typeof useChat> & { settled(): Promise<void>; errors: unknown[] };

function Chat({ archive, id, stored }: { archive: ChatArchive; id: string; stored: UIMessage[] }) {
  const chat = useChat({ id, messages: stored });
  const errors = useMemo<unknown[]>(() => [], []);
  const saver = useMemo(
    () => chatSaver(archive, { id, messages: stored, onError: (error) => errors.push(error) }),
    [],
  );
  const { messages, status } = chat;
  useEffect(() => {
    if (messages === stored) return;
    const isOver = status === "ready" || status === "error";
    const isCut = messages.at(-1)?.parts.some((part) =>
      "state" in part && part.state === "streaming"
    );
    saver.save(messages, isOver && isCut ? "incomplete" : undefined);
  }, [messages, status]);
  useEffect(() => {
    Object.assign(globalThis, { chat: { ...chat, settled: saver.settled, errors } });
  });
  return <pre>{JSON.stringify(messages)}</pre>;
}

const shared = () => (globalThis as unknown as { chat: Shared }).chat;
const until = async (holds: () => boolean) => {
  for (const deadline = Date.now() + 60_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`still ${shared()?.status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Messages as JSON, with the hash of each file in place of its URL. */
async function withoutUrls(messages: UIMessage[]): Promise<unknown> {
  const copy: UIMessage[] = JSON.parse(JSON.stringify(messages));
  for (const part of copy.flatMap(({ parts }) => parts)) {
    if (part.type !== "file") continue;
    const response = await fetch(part.url);
    const hash = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
    part.url = `${response.status} ${new Uint8Array(hash).join()}`;
  }
  return copy;
}

/** What tests call. */
const functions = {
  async open(url: string, key: string, id: string, isNew = false) {
    const supabase = createClient(url, key);
    if (isNew) {
      const password = crypto.randomUUID();
      await supabase.auth.signUp({ email: `${password}@example.com`, password });
    }
    const archive = createChatArchive(supabase);
    const stored = await loadChat<UIMessage>(archive, { id });
    Object.assign(globalThis, { archive });
    createRoot(document.body).render(<Chat archive={archive} id={id} stored={stored} />);
    await until(() => shared() !== undefined);
  },
  send: (message: Parameters<Shared["sendMessage"]>[0]) => {
    shared().sendMessage(message);
  },
  regenerate: () => {
    shared().regenerate();
  },
  stop: () => shared().stop(),
  remove: (index: number) => {
    shared().setMessages(shared().messages.filter((_, n) => n !== index));
  },
  /** When the answer is there and saved. */
  async finished(count: number) {
    await until(() => shared().messages.length === count && shared().status === "ready");
    // Effects come after.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shared().settled();
    return shared().errors.map(String);
  },
  /** When the last message reads like this, and is saved so. */
  async saysAtLast(said: string) {
    const last = () =>
      shared().messages.at(-1)?.parts.map((part) => part.type === "text" ? part.text : "").join("");
    await until(() => last() === said);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shared().settled();
  },
  shown: () => withoutUrls(shared().messages),
  async ids() {
    return await Promise.resolve(shared().messages.map(({ id }) => id));
  },
  /** Goes on in a chat of another name. */
  async branch(id: string, count: number) {
    const saver = chatSaver((globalThis as unknown as { archive: ChatArchive }).archive, { id });
    saver.save(shared().messages.slice(0, count));
    await saver.settled();
  },
};
Object.assign(globalThis, functions);
