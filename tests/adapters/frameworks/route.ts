/** The server's part of a chat, with the SDK's mock model in place of a real one. */
import {
  convertToModelMessages,
  createUIMessageStream,
  createUIMessageStreamResponse,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
  type UIMessage,
} from "ai";
import { MockLanguageModelV4 } from "ai/test";

type Stream = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>["stream"];
type Chunk = Stream extends ReadableStream<infer Part> ? Part : never;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const finish = (unified: "stop" | "tool-calls"): Chunk => ({
  type: "finish",
  usage,
  finishReason: { unified, raw: unified },
});
const text = (id: string, ...deltas: string[]): Chunk[] => [
  { type: "text-start", id },
  ...deltas.map((delta): Chunk => ({ type: "text-delta", id, delta })),
  { type: "text-end", id, providerMetadata: { mock: { cached: true } } },
];
const input = jsonSchema<{ q: string }>({ type: "object", properties: { q: { type: "string" } } });

/** An answer in two steps with every kind of part that a model can give. */
const everything = (png: string): Chunk[][] => [
  [
    { type: "stream-start", warnings: [] },
    { type: "reasoning-start", id: "r", providerMetadata: { mock: { signature: "s" } } },
    { type: "reasoning-delta", id: "r", delta: "Let me " },
    { type: "reasoning-delta", id: "r", delta: "look." },
    { type: "reasoning-end", id: "r" },
    ...text("t1", "I look ", "it up."),
    { type: "source", sourceType: "url", id: "s1", url: "https://example.com/", title: "A page" },
    {
      type: "source",
      sourceType: "document",
      id: "s2",
      mediaType: "application/pdf",
      title: "Manual",
      filename: "manual.pdf",
      providerMetadata: {
        "chat-archive": {
          page_number: 8,
          block_id: "b-12",
          block_text: "Memory management",
          score: 0.5,
          coords_norm: [[0.1, 0.2, 0.5, 0.25]],
        },
      },
    },
    { type: "file", mediaType: "image/png", data: { type: "data", data: png } },
    { type: "tool-input-start", id: "c1", toolName: "lookUp" },
    { type: "tool-input-delta", id: "c1", delta: '{"q":"bzip2"}' },
    { type: "tool-input-end", id: "c1" },
    { type: "tool-call", toolCallId: "c1", toolName: "lookUp", input: '{"q":"bzip2"}' },
    { type: "tool-call", toolCallId: "c2", toolName: "fails", input: '{"q":"x"}' },
    finish("tool-calls"),
  ],
  [
    { type: "stream-start", warnings: [] },
    ...text("t2", "It is ", "**3,700 kB**."),
    finish("stop"),
  ],
];

/** What a test holds back: a stream waits before its last text until it is let go. */
export interface Gate {
  wait(): Promise<void>;
}

/** Answers a POST of useChat. @param png of the model, in base64 */
export async function answer(request: Request, gate: Gate, png: string): Promise<Response> {
  const { messages }: { messages: UIMessage[] } = await request.json();
  const question = messages.findLast(({ role }) => role === "user")?.parts
    .map((part) => part.type === "text" ? part.text : "").join("") ?? "";
  const steps = question.includes("everything") ? everything(png) : [[
    { type: "stream-start" as const, warnings: [] },
    ...text("t", "You said: ", question),
    finish("stop"),
  ]];
  let step = 0;
  const model = new MockLanguageModelV4({
    doStream: () => {
      const chunks = steps[step++]!;
      let at = 0;
      const last = chunks.findLastIndex(({ type }) => type === "text-delta");
      return Promise.resolve({
        stream: new ReadableStream<Chunk>({
          async pull(controller) {
            if (at === last && step === steps.length && question.includes("wait")) {
              await gate.wait();
            }
            if (at < chunks.length) controller.enqueue(chunks[at++]!);
            else controller.close();
          },
        }, { highWaterMark: 0 }),
      });
    },
  });
  const stream = createUIMessageStream({
    async execute({ writer }) {
      writer.write({ type: "data-progress", id: "p", data: { percent: 10, "chat-archive": null } });
      const result = streamText({
        model,
        // Files of the user come as URLs; the mock model looks at none of them.
        messages: await convertToModelMessages(
          messages.map((message) => ({
            ...message,
            parts: message.parts.filter(({ type }) => type === "text"),
          })),
        ),
        stopWhen: stepCountIs(2),
        abortSignal: request.signal,
        tools: {
          lookUp: tool({
            inputSchema: input,
            execute: ({ q }) => ({ found: [q, null, { n: 1 }] }),
          }),
          fails: tool({
            inputSchema: input,
            execute: (): string => {
              throw new Error("no such thing");
            },
          }),
        },
      });
      writer.merge(result.toUIMessageStream({
        sendSources: true,
        messageMetadata: ({ part }) =>
          part.type === "finish" ? { tokens: part.totalUsage.totalTokens } : undefined,
        onError: (error) => String(error),
      }));
    },
  });
  return createUIMessageStreamResponse({ stream });
}
