/**
 * Takes a question of useChat to the assistant, and its answer back as a stream.
 *
 * @module
 */
import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import { answer } from "./assistant.ts";
import { openDocument } from "./documents.ts";
import { sourceOf, textOf } from "./kept_messages.ts";
import { findPassages, type Passage } from "./retrieval.ts";
import { text } from "./strings.ts";

/** Passages of an answer. */
const MOST_PASSAGES = 3;

/** What the transport needs to know of its chat, and tells it. */
export interface Asked {
  /** Documents to look into. */
  documents(): string[];
  /** Blocks that the answer to be replaced has shown: another one shows others. */
  shown(): ReadonlySet<string>;
  /** Called when a question is asked, with the conversation up to it. */
  asked(messages: UIMessage[]): void;
}

async function passagesFor(question: string, asked: Asked): Promise<Passage[]> {
  const blocks = await Promise.all(
    asked.documents().map(async (id) => await (await openDocument(id)).blocks()),
  );
  const all = blocks.flat();
  const others = findPassages(all, question, MOST_PASSAGES, asked.shown());
  return others.length > 0 ? others : findPassages(all, question, MOST_PASSAGES);
}

async function* chunks(
  messages: UIMessage[],
  asked: Asked,
  signal: AbortSignal | undefined,
): AsyncGenerator<UIMessageChunk> {
  const messageId = crypto.randomUUID();
  const question = textOf(messages.findLast(({ role }) => role === "user")!);
  const passages = await passagesFor(question, asked);
  // What made the answer is kept with it, and the page says so.
  yield { type: "start", messageId, messageMetadata: { made_by: "retrieval" } };
  for (const passage of passages) {
    yield sourceOf(passage, text().page(passage.page_number));
  }
  yield { type: "text-start", id: "text" };
  const hasDocument = asked.documents().length > 0;
  for await (
    const delta of answer({ question, passages, hasDocument, signal })
  ) {
    yield { type: "text-delta", id: "text", delta };
  }
  signal?.throwIfAborted();
  yield { type: "text-end", id: "text" };
  yield { type: "finish" };
}

export function createTransport(asked: Asked): ChatTransport<UIMessage> {
  return {
    sendMessages({ messages, abortSignal }) {
      asked.asked(messages);
      const stream = chunks(messages, asked, abortSignal);
      return Promise.resolve(
        new ReadableStream({
          async pull(controller) {
            const { done, value } = await stream.next();
            if (done) controller.close();
            else controller.enqueue(value);
          },
        }),
      );
    },
    reconnectToStream: () => Promise.resolve(null),
  };
}
