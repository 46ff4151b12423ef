/** A page that keeps its threads in the archive by assistant-ui. Its functions are called by a test. */
import {
  AssistantRuntimeProvider,
  type ChatModelAdapter,
  useAui,
  useLocalRuntime,
  useRemoteThreadListRuntime,
} from "@assistant-ui/react";
import { AssistantChatTransport, useChatRuntime } from "@assistant-ui/react-ai-sdk";
import type { ChatArchive } from "chat-archive";
import {
  attachmentAdapter,
  feedbackAdapter,
  threadHistoryAdapter,
  type ThreadItem,
  threadListAdapter,
} from "chat-archive/assistant-ui";
import { useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";
import { archiveOf, until, withoutUrls } from "./page_parts.ts";

const errors: string[] = [];
/** Calls of the archive that are under way. */
let calls = 0;

/** An archive that tells when nothing is under way. */
function counted(archive: ChatArchive): ChatArchive {
  const wrapped = Object.entries(archive).map(([name, verb]) => {
    if (typeof verb !== "function") return [name, verb];
    return [name, (...input: unknown[]) => {
      const result = (verb as (...input: unknown[]) => unknown)(...input);
      if (!(result instanceof Promise)) return result;
      calls++;
      const end = () => calls--;
      result.then(end, end);
      return result;
    }];
  });
  return Object.fromEntries(wrapped);
}

const onError = (error: unknown) => errors.push(String(error));
let gate = Promise.withResolvers<void>();

/** Answers as the route does: with the question, and after a while where it says so. */
const model: ChatModelAdapter = {
  async *run({ messages, abortSignal }) {
    const question = messages.findLast(({ role }) => role === "user")!.content
      .map((part) => part.type === "text" ? part.text : "").join("");
    const reasoning = { type: "reasoning" as const, text: "Let me look." };
    yield { content: [reasoning, { type: "text", text: "You said: " }] };
    if (question.includes("wait")) {
      const stopped = new Promise((resolve) => abortSignal.addEventListener("abort", resolve));
      await Promise.race([gate.promise, stopped]);
    }
    yield {
      content: [reasoning, { type: "text", text: `You said: ${question}` }],
      status: { type: "complete", reason: "stop" },
      metadata: { custom: { model: "mock" } },
    };
  },
};

function useAdapters(archive: ChatArchive) {
  const aui = useAui();
  return useMemo(() => {
    const thread = (): ThreadItem => aui.threadListItem();
    return {
      history: threadHistoryAdapter<never>(archive, thread),
      attachments: attachmentAdapter(archive, thread),
      feedback: feedbackAdapter(archive, thread, { onError }),
    };
  }, [aui]);
}

/** The runtimes that assistant-ui has. */
const THREADS = {
  local: (archive: ChatArchive) => useLocalRuntime(model, { adapters: useAdapters(archive) }),
  aiSdk: (archive: ChatArchive) =>
    useChatRuntime({
      adapters: useAdapters(archive),
      transport: new AssistantChatTransport({ api: "/api/chat" }),
    }),
};

function Threads({ archive, kind }: { archive: ChatArchive; kind: keyof typeof THREADS }) {
  const runtime = useRemoteThreadListRuntime({
    adapter: useMemo(() => threadListAdapter(archive), []),
    runtimeHook: () => THREADS[kind](archive),
  });
  useEffect(() => {
    Object.assign(globalThis, { runtime });
  });
  return <AssistantRuntimeProvider runtime={runtime}>{null}</AssistantRuntimeProvider>;
}

type Runtime = ReturnType<typeof useRemoteThreadListRuntime>;
const runtime = () => (globalThis as unknown as { runtime: Runtime }).runtime;
const state = () => runtime().thread.getState();
const textOf = (message: { content: readonly { type: string }[] } | undefined) =>
  message?.content.map((part) => "text" in part && part.type === "text" ? part.text : "").join("");
const holds = (condition: () => boolean | undefined) =>
  until(condition, () => ({
    errors,
    isRunning: state().isRunning,
    isLoading: state().isLoading,
    texts: state().messages.map(textOf),
  }));
const messageAt = (index: number) => runtime().thread.getMessageByIndex(index);

/** What tests call. */
const functions = {
  async open(
    url: string,
    key: string,
    kind: keyof typeof THREADS,
    isNew = false,
    id?: string | null,
  ) {
    const archive = counted(await archiveOf(url, key, isNew));
    createRoot(document.body).render(<Threads archive={archive} kind={kind} />);
    await until(() => runtime() !== undefined, () => "not there");
    await runtime().threads.getLoadThreadsPromise();
    if (!id) return;
    await runtime().threads.switchToThread(id);
    await holds(() => !state().isLoading && state().messages.length > 0);
  },
  /** @returns what was told of the upload */
  async attach(bytes: number[], name: string, type: string) {
    const { composer } = runtime().thread;
    const told: unknown[] = [];
    const stop = composer.subscribe(() => {
      const status = composer.getState().attachments.at(-1)?.status;
      if (JSON.stringify(status) !== JSON.stringify(told.at(-1))) told.push(status);
    });
    const file = new File([new Uint8Array(bytes)], name, { type });
    await composer.addAttachment(file).catch(onError);
    stop();
    return told;
  },
  send(text: string) {
    runtime().thread.composer.setText(text);
    runtime().thread.composer.send();
  },
  edit(index: number, text: string) {
    const { composer } = messageAt(index);
    composer.beginEdit();
    composer.setText(text);
    composer.send();
  },
  regenerate: (index: number) => messageAt(index).reload(),
  branch: (index: number, position: "previous" | "next") =>
    messageAt(index).switchToBranch({ position }),
  rate: (index: number, type: "positive" | "negative", comment?: string) =>
    messageAt(index).submitFeedback({ type, ...comment === undefined ? {} : { comment } }),
  stop: () => runtime().thread.cancelRun(),
  release() {
    gate.resolve();
    gate = Promise.withResolvers();
  },
  /** When the last message reads like this. */
  saysAtLast: (said: string) => holds(() => textOf(state().messages.at(-1)) === said),
  /** When all is saved. */
  async settled() {
    for (let quiet = 0; quiet < 10; quiet = calls === 0 ? quiet + 1 : 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  /** When nothing is written any more. */
  finished: (count: number) => holds(() => state().messages.length === count && !state().isRunning),
  branches: (index: number) => {
    const { branchNumber, branchCount } = messageAt(index).getState();
    return [branchNumber, branchCount];
  },
  feedback: (index: number) => messageAt(index).getState().metadata.submittedFeedback,
  statusAtLast: () => state().messages.at(-1)?.status,
  loaded: () => holds(() => !state().isLoading),
  texts: () => state().messages.map(textOf),
  /** The messages on the branch that is shown. */
  shown: () => withoutUrls(state().messages),
  /** All messages with their branches, as the runtime keeps them. */
  all: (kind: keyof typeof THREADS) => {
    const { thread } = runtime();
    return withoutUrls(
      (kind === "local" ? thread.export() : thread.exportExternalState()).messages,
    );
  },
  async item(verb: "rename" | "archive" | "unarchive" | "delete", argument?: string) {
    const item = runtime().threads.mainItem;
    if (verb === "rename") await item.rename(argument!);
    else if (argument === undefined) await item[verb]();
    else await runtime().threads.getItemById(argument)[verb]();
  },
  newThread: () => runtime().threads.switchToNewThread(),
  switchTo: (id: string) => runtime().threads.switchToThread(id),
  remoteId: () => runtime().threads.mainItem.getState().remoteId,
  list() {
    const { threadIds, archivedThreadIds, threadItems } = runtime().threads.getState();
    const titles = (ids: readonly string[]) => ids.map((id) => threadItems[id]?.title);
    return { regular: titles(threadIds), archived: titles(archivedThreadIds) };
  },
  errors: () => errors,
};
Object.assign(globalThis, functions);
