/** What users and models write stays inside its message, in the eyes of a CommonMark parser. */
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { codeSpan, escapeInline } from "@shared/markdown/escape.ts";
import {
  renderHeader,
  renderImage,
  renderMessage,
  renderSearchResult,
} from "@shared/markdown/render.ts";
import type { Image, Message, SearchResult } from "@shared/rows.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const parser = new MarkdownIt("commonmark");

const message = (content: string): Message => ({
  id: "1",
  chat_id: "1",
  user_id: "1",
  seq: 1,
  role: "user",
  content,
  message_type: "text",
  parts: null,
  metadata: {},
  parent_id: null,
  external_id: null,
  status: "complete",
  created_at: "2026-01-02T03:04:05+00:00",
  updated_at: "2026-01-02T03:04:05+00:00",
  bytes: 1,
});

/** Headings of the levels that are ours, and all raw HTML. */
function structure(markdown: string) {
  const tokens = parser.parse(markdown, {});
  const inline = tokens.flatMap(({ children }) => children ?? []);
  return {
    headings:
      tokens.filter(({ level, tag, nesting }) =>
        level === 0 && nesting === 1 && /^h[12]$/.test(tag)
      ).length,
    html: [...tokens, ...inline].filter(({ type }) => type.startsWith("html")).length,
  };
}

/** A message of hostile content between two harmless ones. */
function between(content: string): string {
  return renderMessage(message("first [label] [foo bar]")) + renderMessage(message(content)) +
    renderMessage(message("last [label] [foo bar]"));
}

const HOSTILE = [
  "```\nopen fence",
  "~~~~ lang\nopen",
  "- item\n\n  ```\n  open in a list",
  "> quote\n> ```",
  "1. a\n   ```js\n   x\n```\n<script>",
  "<!-- open comment",
  "<details>\n<summary>x",
  "<textarea>",
  "<title>",
  "<script>\nalert(1)",
  "<pre>",
  "<![CDATA[",
  "<?php",
  "<!DOCTYPE html>",
  "text\n---",
  "text\n===",
  "---\ntitle: front matter\n---",
  "## User · 2026-01-02T03:04:05Z",
  "[label]: https://example.com",
  "> [label]: https://example.com",
  "- [label]:\n  https://example.com",
  "[label]:\nhttps://example.com 'x'",
  "[foo\nbar]: https://example.com",
  "- [foo\n  bar]: https://example.com",
  "> [foo\n> bar]:\n> https://example.com",
  "<!--x@b>\nhidden",
  "- <!a@b>",
  "<?x@b>",
  "</x@b>",
  "| a | b |\n|---|---|\n| <b> | c |",
  "\tindented <div>",
  "a\0b",
  "a\r\nb\rc\n",
  "`code <b>` and <b>",
  "<https://example.com> <me@example.com>",
  "<a href='javascript:alert(1)'>",
  "\u202eright to left",
  "\\",
  "`",
  "",
  "\n\n\n",
  "<",
];

for (const content of HOSTILE) {
  Deno.test(`stays inside its message: ${JSON.stringify(content)}`, () => {
    assertEquals(structure(between(content)), { headings: 3, html: 0 });
    const links = parser.parse(between(content), {}).flatMap(({ children }) => children ?? [])
      .filter(({ type, attrs }) =>
        type === "link_open" && attrs?.[0]?.[1] === "https://example.com"
      );
    const own = content.startsWith("<https") ? 1 : 0;
    assertEquals(links.length, own, "no definition reaches another message");
  });
}

Deno.test("a message reads as its author wrote it", () => {
  const html = parser.render(
    renderMessage(message("**bold**, `a < b`\n\n```js\nif (a < b) x\n```\n\n- 1 < 2")),
  );
  assertStringIncludes(html, "<strong>bold</strong>, <code>a &lt; b</code>");
  assertStringIncludes(html, '<code class="language-js">if (a &lt; b) x\n</code>');
  assertStringIncludes(html, "<li>1 &lt; 2</li>");
});

Deno.test("a title or a file name is shown as it is, on one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
      const shown = text.toWellFormed().replaceAll("\0", "\ufffd").replace(/\s+/g, " ").trim();
      const tokens = parser.parse(`# ${escapeInline(text)}`, {});
      assertEquals(tokens.map(({ type }) => type), ["heading_open", "inline", "heading_close"]);
      const children = tokens[1]!.children!;
      assertEquals(children.map(({ content }) => content).join(""), shown);
    }),
    // Once found at random.
    { numRuns: 2000, examples: [["! #"], ["#"], ["# ##"], ["a#"]] },
  );
});

Deno.test("a code span holds any text", () => {
  for (const text of ["a", "`", "``a`", "a`b", "`a`", "\\", "<b>"]) {
    const [, inline] = parser.parse(`x ${codeSpan(text)} y`, {});
    assertEquals(inline!.children!.map(({ type }) => type), ["text", "code_inline", "text"]);
    assertEquals(inline!.children![1]!.content.trim(), text);
  }
});

const common = { id: "1", chat_id: "1", user_id: "1", message_id: null, seq: 1 };
const time = "2026-01-02T03:04:05+00:00";
const result: SearchResult = {
  ...common,
  block_id: "b1",
  page_number: 3,
  block_text: "# *not* <b>bold</b>\n- [x](y)",
  score: null,
  coords_norm: [0, 0, 1, 1],
  coords_px: null,
  document_id: null,
  metadata: {},
  created_at: time,
  bytes: 1,
};
const image: Image = {
  ...common,
  document_id: null,
  page_number: null,
  coords_norm: null,
  bytes: 1,
  image_name: "a.png",
  s3_path: "x",
  s3_url: null,
  image_type: "page",
  content_type: "image/png",
  description: null,
  width: 3,
  height: 2,
  file_size: 1,
  sha256: null,
  uploaded_at: time,
};

Deno.test("the text of a search result is not read as Markdown", () => {
  const html = parser.render(renderSearchResult(result));
  assertStringIncludes(html, "# *not* &lt;b&gt;bold&lt;/b&gt;\n- [x](y)");
});

Deno.test("an image and a search result name their page and document, as far as they are known", () => {
  const origin = { documentName: "a_*b*.pdf", pageNumber: 9 };
  const shown = (markdown: string) =>
    parser.render(markdown).replace(/<[^>]+>/g, "").trim().split("\n")[0];
  assertEquals(shown(renderSearchResult(result)), "Page 3 · block b1");
  assertEquals(
    shown(renderSearchResult(result, { documentName: "a_*b*.pdf" })),
    "Page 3 of a_*b*.pdf · block b1",
  );
  assertEquals(renderImage(image, "/x"), "![a.png](</x>)\n\n");
  assertEquals(
    renderImage(image, "/x", origin),
    "![a.png](</x>)\n\n*Page 9 of a\\_\\*b\\*.pdf*\n\n",
  );
  assertEquals(
    shown(renderImage(image, undefined, origin)),
    "Image not included: a.png (a.png, Page 9 of a_*b*.pdf, 3 × 2 px)",
  );
  assertEquals(
    shown(renderImage(image, undefined, { documentName: "b.pdf" })),
    "Image not included: a.png (a.png, b.pdf, 3 × 2 px)",
  );
});

Deno.test("the header lists all documents, linked where there are links", () => {
  const header = renderHeader({
    id: "1",
    user_id: "1",
    title: "a",
    description: "- b",
    document_path: null,
    is_archived: false,
    metadata: {},
    external_id: null,
    created_at: time,
    updated_at: time,
  }, { exportedAt: new Date(time), documents: [{ name: "c.pdf", url: "c%20d" }, { name: "_e" }] });
  assertStringIncludes(
    header,
    "> - b\n\n- Document: [c.pdf](<c%20d>)\n- Document: \\_e\n- Created: ",
  );
});
