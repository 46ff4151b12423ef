/** A page that keeps its chat in the archive. Its functions are called by a test. */
import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import type { ChatArchive } from "chat-archive";
import { chatSaver, loadChat } from "chat-archive/ai-sdk";
import { useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";
import { archiveOf, until, withoutUrls } from "./page_parts.ts";

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
const holds = (condition: () => boolean) => until(condition, () => shared()?.status);

/** What tests call. */
const functions = {
  async open(url: string, key: string, id: string, isNew = false) {
    const archive = await archiveOf(url, key, isNew);
    const stored = await loadChat<UIMessage>(archive, { id });
    Object.assign(globalThis, { archive });
    createRoot(document.body).render(<Chat archive={archive} id={id} stored={stored} />);
    await holds(() => shared() !== undefined);
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
    await holds(() => shared().messages.length === count && shared().status === "ready");
    // Effects come after.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shared().settled();
    return shared().errors.map(String);
  },
  /** When the last message reads like this, and is saved so. */
  async saysAtLast(said: string) {
    const last = () =>
      shared().messages.at(-1)?.parts.map((part) => part.type === "text" ? part.text : "").join("");
    await holds(() => last() === said);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shared().settled();
  },
  shown: () => withoutUrls(shared().messages),
  async ids() {
    return await Promise.resolve(shared().messages.map(({ id }) => id));
  },
  /** Exports the chat, and imports it. @returns the id of what was imported */
  async throughZip(external_id: string) {
    const { archive } = globalThis as unknown as { archive: ChatArchive };
    const { chats: [chat] } = await archive.listChats({ external_id });
    const { body } = await archive.exportChat({ chat_id: chat!.id, format: "zip" });
    const content = await new Response(body).blob();
    return (await archive.importChat({ content, content_type: "application/zip" })).chat_id;
  },
  /** Goes on in a chat of another name. */
  async branch(id: string, count: number) {
    const saver = chatSaver((globalThis as unknown as { archive: ChatArchive }).archive, { id });
    saver.save(shared().messages.slice(0, count));
    await saver.settled();
  },
};
Object.assign(globalThis, functions);
