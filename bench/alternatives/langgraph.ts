/**
 * LangGraph's PostgresSaver, for bench/alternatives.ts: in a process and with dependencies of its own, so that
 * nothing else installs them.
 *
 *   langgraph.ts DATABASE-URL     answers each line {"op", "size"} of its input with milliseconds
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { uuid6 } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";

/** What is asked for: of the chat with so many messages. */
interface Line {
  op: "fill" | "append" | "last" | "all" | "list";
  size: number;
}

/** A chat: what an application holds of it between two turns. */
interface Chat {
  messages: BaseMessage[];
  version: number;
  /** The last checkpoint. */
  parent?: string;
}

const saver = PostgresSaver.fromConnString(Deno.args[0]!, { schema: "langgraph" });
await saver.setup();

const chats = new Map<number, Chat>();

function message(n: number): BaseMessage {
  const content = `${n} ` + "Words of an answer. ".repeat(25);
  const id = crypto.randomUUID();
  return n % 2 ? new AIMessage({ content, id }) : new HumanMessage({ content, id });
}

const threadOf = (size: number) => ({ thread_id: `chat-${size}`, checkpoint_ns: "" });

/** Saves the chat as it is now, as the graph does after each step. */
async function save(size: number, chat: Chat): Promise<void> {
  chat.version++;
  const id = uuid6(chat.version);
  await saver.put(
    { configurable: { ...threadOf(size), ...(chat.parent ? { checkpoint_id: chat.parent } : {}) } },
    {
      v: 4,
      id,
      ts: new Date().toISOString(),
      channel_values: { messages: chat.messages },
      channel_versions: { messages: chat.version },
      versions_seen: {},
    },
    { source: "loop", step: chat.version, parents: {} },
    { messages: chat.version },
  );
  chat.parent = id;
}

const read = async (size: number) =>
  (await saver.getTuple({ configurable: threadOf(size) }))!.checkpoint.channel_values[
    "messages"
  ] as BaseMessage[];

const OPS: Record<Line["op"], (size: number) => Promise<unknown>> = {
  async fill(size) {
    const chat: Chat = { messages: [], version: 0 };
    chats.set(size, chat);
    // One by one, as a chat grows; the largest at once, or it would take 25 GB.
    const first = size > 1000 ? size : 1;
    while (chat.messages.length < size) {
      const from = chat.messages.length;
      chat.messages.push(...Array.from({ length: first }, (_, n) => message(from + n)));
      await save(size, chat);
    }
  },
  async append(size) {
    const chat = chats.get(size)!;
    chat.messages.push(message(chat.messages.length));
    await save(size, chat);
  },
  last: async (size) => (await read(size)).slice(-50),
  all: read,
  // It has no list of chats: the statement that one would write.
  list: () =>
    (saver as unknown as { pool: { query(text: string): Promise<unknown> } }).pool.query(
      "select thread_id, max(checkpoint_id) as last from langgraph.checkpoints " +
        "group by thread_id order by last desc limit 50",
    ),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, size } = JSON.parse(line) as Line;
  const started = performance.now();
  await OPS[op](size);
  console.log(performance.now() - started);
}
await saver.end();
