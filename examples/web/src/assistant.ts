/**
 * The assistant. It has no model: it finds the passages that match a question, and quotes them. This
 * is the file where a model goes.
 *
 * With a model, call your server here, with the question, the passages and the conversation so far,
 * and yield the text as it comes; the page keeps and shows it the same way:
 *
 * ```ts
 * const { textStream } = streamText({ model, prompt: promptOf(question, passages), abortSignal });
 * yield* textStream;
 * ```
 *
 * @module
 */
import type { Passage } from "./retrieval.ts";
import { text } from "./strings.ts";

/** What is asked, and what was found for it. */
export interface Request {
  question: string;
  passages: Passage[];
  /** Whether there is a document to look into. */
  hasDocument: boolean;
  signal: AbortSignal | undefined;
}

const WORDS_PER_FRAME = 2;
const FRAME_MS = 16;
/** Characters of a passage that are quoted; the whole stands below the answer. */
const MAX_QUOTE = 240;

function quoted(passage: Passage): string {
  const { text: whole } = passage;
  const cut = whole.length > MAX_QUOTE ? whole.slice(0, MAX_QUOTE).replace(/\s\S*$/, " …") : whole;
  // What the document says is text: nothing of it may act as Markdown.
  return `> ${cut.replace(/([\\`*_{}[\]()#+!|<>~&-])/g, "\\$1").replace(/\s+/g, " ")}`;
}

/** The answer, piece by piece, as Markdown. */
export async function* answer(
  request: Request,
): AsyncGenerator<string, void, undefined> {
  const { passages, hasDocument, signal } = request;
  const said = text();
  const whole = passages.length > 0
    ? [
      said.foundPassages(passages.length),
      ...passages.map((passage) => `**${said.page(passage.page_number)}**\n\n${quoted(passage)}`),
    ].join("\n\n")
    : hasDocument
    ? said.foundNothing
    : said.noDocument;
  const words = whole.split(/(?<=\s)/);
  for (
    let at = 0;
    at < words.length && !signal?.aborted;
    at += WORDS_PER_FRAME
  ) {
    yield words.slice(at, at + WORDS_PER_FRAME).join("");
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
}
