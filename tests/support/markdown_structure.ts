/** What a reader of an exported chat finds in it, according to a parser. */
import MarkdownIt from "markdown-it";

/** A parser. */
export type Parser = InstanceType<typeof MarkdownIt>;
type Token = ReturnType<Parser["parse"]>[number];

/** A message as it was found. */
export interface FoundMessage {
  /** Text of the heading. */
  heading: string;
  /** Alternative text and address of each image. */
  images: [string, string][];
  /** First line of each hit. */
  hits: string[];
}

/** A document as it was found. */
export interface FoundChat {
  title: string;
  messages: FoundMessage[];
  /** Raw HTML that is not ours. */
  html: string[];
}

/** Parsers of the kinds that readers use: strict, and with tables, bare links and raw HTML. */
export const PARSERS: Record<string, Parser> = {
  commonmark: new MarkdownIt("commonmark"),
  extended: new MarkdownIt({ html: true, linkify: true }),
};

/** The tokens of each block that stands at the top. */
function topBlocks(tokens: Token[]): Token[][] {
  const blocks: Token[][] = [];
  for (const token of tokens) {
    if (token.level === 0 && token.nesting >= 0) blocks.push([]);
    blocks.at(-1)!.push(token);
  }
  return blocks;
}

const textOf = (tokens: Token[]) =>
  tokens.flatMap(({ children }) => children ?? []).map(({ content }) => content).join("");

/** Finds the title, the messages, and what belongs to each. Anything unexpected counts as a message. */
export function structureOf(markdown: string, parser: Parser): FoundChat {
  const found: FoundChat = { title: "", messages: [], html: [] };
  let seenText = true;
  for (const block of topBlocks(parser.parse(markdown, {}))) {
    const [first] = block;
    const flat = block.flatMap((token) => [token, ...token.children ?? []]);
    found.html.push(
      ...flat.filter(({ type, content }) => type.startsWith("html") && content !== "<!-- -->\n")
        .map(({ content }) => content),
    );
    const message = found.messages.at(-1);
    if (first!.tag === "h1" && found.title === "") found.title = textOf(block);
    else if (first!.tag === "h2") {
      found.messages.push({ heading: textOf(block), images: [], hits: [] });
      seenText = false;
    } else if (!message) continue;
    else if (first!.type === "blockquote_open") {
      if (seenText) message.hits.push(textOf(block.slice(0, 3)));
      seenText = true;
    } else if (first!.type === "paragraph_open") {
      const images = flat.filter(({ type }) => type === "image");
      message.images.push(
        ...images.map((image): [string, string] => [
          textOf([image]),
          String(image.attrGet("src")),
        ]),
      );
      if (images.length === 0 && textOf(block) !== "Sources:") {
        found.messages.push({ heading: `unexpected: ${textOf(block)}`, images: [], hits: [] });
      }
    } else if (first!.type !== "html_block") {
      found.messages.push({ heading: `unexpected: ${first!.type}`, images: [], hits: [] });
    }
  }
  return found;
}
