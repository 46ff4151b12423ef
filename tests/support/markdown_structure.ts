/** What a reader of an exported chat finds in it, according to a parser. */
import MarkdownIt from "markdown-it";

/** A parser. */
export type Parser = InstanceType<typeof MarkdownIt>;
type Token = ReturnType<Parser["parse"]>[number];

/** A message as it was found. */
export interface FoundMessage {
  /** Text of the heading. */
  heading: string;
  /** Alternative text and address of each image that stands alone. */
  images: [string, string][];
  /** First line of each search result. */
  searchResults: string[];
  /** Whether its text is one quote. */
  quoted: boolean;
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

/** The HTML below each heading of levels 1 and 2 that stands at the top. */
export function sectionsOf(markdown: string, parser: Parser): string[] {
  const sections: Token[][] = [];
  for (const block of topBlocks(parser.parse(markdown, {}))) {
    if (/^h[12]$/.test(block[0]!.tag)) sections.push([]);
    else sections.at(-1)!.push(...block);
  }
  return sections.map((tokens) => parser.renderer.render(tokens, parser.options, {}));
}

const textOf = (tokens: Token[]) =>
  tokens.flatMap(({ children }) => children ?? []).map(({ content }) => content).join("");

const SEPARATOR = "<!-- -->\n";

/** An image that is a paragraph of its own. */
function imageIn(block: Token[]): [string, string][] {
  const [image, ...more] = block.flatMap(({ children }) => children ?? []);
  if (block[0]!.type !== "paragraph_open" || image?.type !== "image" || more.length > 0) return [];
  return [[textOf([image]), String(image.attrGet("src"))]];
}

/** Finds the title, the messages, and what belongs to each: all up to the next heading of their level. */
export function structureOf(markdown: string, parser: Parser): FoundChat {
  const found: FoundChat = { title: "", messages: [], html: [] };
  let before = "";
  for (const block of topBlocks(parser.parse(markdown, {}))) {
    const [first] = block;
    found.html.push(
      ...block.flatMap((token) => [token, ...token.children ?? []])
        .filter(({ type, content }) => type.startsWith("html") && content !== SEPARATOR)
        .map(({ content }) => content),
    );
    const message = found.messages.at(-1);
    if (first!.tag === "h1" && found.title === "") found.title = textOf(block);
    else if (["h1", "h2"].includes(first!.tag)) {
      found.messages.push({ heading: textOf(block), images: [], searchResults: [], quoted: false });
    } else if (first!.type === "blockquote_open" && message) {
      if (before === "heading_open") message.quoted = true;
      if (["Sources:", SEPARATOR].includes(before)) {
        message.searchResults.push(textOf(block.slice(0, 3)));
      }
    } else message?.images.push(...imageIn(block));
    before = first!.type === "paragraph_open"
      ? block[1]!.content
      : first!.type === "html_block"
      ? first!.content
      : first!.type;
  }
  return found;
}
