/** Which messages stand as they were written, which as a quote, and what is changed in them. */
import { asWritten } from "@shared/markdown/as_written.ts";
import { CONVERSATIONS } from "../golden/conversations.ts";
import { assert, assertEquals } from "@std/assert";

/** What could reach past the end of its message, by the reason. */
const QUOTED: Record<string, string[]> = {
  "a fence stays open": ["```\nx", "~~~~\nx\n~~~", "- a\n\n  ```\n  x", "1. ```\n   x"],
  "a fence may lie in an item or not": [
    // The code ends with its item, and the last fence opens another.
    "1. a\n   ```\nx\n   ```",
    "- a\n    ```\n    x\n    ```\n      ```",
    "- a\n\n      ```\n      x\n      ```",
    "a\n10. b\n    ```\n    x\n    ```",
    "  ```\n  x\n     ```\n  ```",
    "- ```\n  x\n  \t```",
    "- - ```\n    x\n    ```",
    "> ```\n> x\n> ```",
  ],
  "a tag may open a block": ["<div>", "a\n<!-- b", "- <details>", "> <?x", "<a@b c>"],
  "a definition counts for all": [
    "[a]: /x",
    "> [a]: /x",
    "- [a]:\n  /x",
    "[a\nb]: /x",
    "[^1]: a note",
    "*[HTML]: an abbreviation",
  ],
  "a heading of two lines, or what may be one": [
    "a\nb\n===",
    "- a\n===",
    "> a\n---",
    "|a|\n---",
    "    a\n\tb\n---",
    "14.\n===",
    "a\ufeff\n---",
    "- a\n\n  b\n---",
    "a\n- - -\nb\n---\nc\nd\n---",
  ],
  "front matter": ["---\ntitle: a\n---", "a\n\n---\nb: c"],
  "a formula stays open": [
    "$$\nx",
    "a $$ b",
    "$$ x\n",
    "$$a$$ b",
    "$$\nx $$",
    "$$$\nx",
    "- a\n  $$\n$$",
    "- a\n  $$\nx\n  $$",
    "$$\n- ```\n  $$\n  ```\n$$",
    "$$\n# a\n$$",
    "$$\n\na\n===\n$$",
  ],
  "a comment of Obsidian": ["%% hidden", "a %%b%% c"],
  "a directive": [":::note\na\n:::", "> ::: a", "- ::::"],
  "a fence of GitLab's quotes": [">>>\na\n>>>"],
  "what looks like our sources": ["Sources:\n\n> **Page 1** · block `x`", "Sources:\n> # a"],
  "an address that looks like a tag": [
    "[a](<b c>)",
    "[a]( <b>)",
    "`<b>` [a](\nx<b)",
    "`a\n[b](x<c)",
  ],
};

for (const [reason, texts] of Object.entries(QUOTED)) {
  Deno.test(`is a quote: ${reason}`, () => {
    for (const text of texts) assertEquals(asWritten(text), undefined, text);
  });
}

/** What stays as it is, by the reason. */
const PLAIN: Record<string, string[]> = {
  "nothing of it is open": [
    "a\n\nb  \nc\\",
    "**a** _b_ `c` [d](e) ![f](g) *open `open [open",
    "- a\n- b\n\n  c\n  - d\n\n1. e\n2. f",
    "> a\nb\n\n> c\n> - d",
    "| a | b |\n| --- | ---: |\n| 1 | `2` |",
    "    code\n\n\tcode",
    "[a] [b][c] [^1] [x]",
    "a\n\n---\n\nb\n\n***\nc\n\n- - -",
    "\u00a0\n\ufeffa\n\u2028",
    "Sources:\n\n- a\n\n> b",
    "100 % of $5 and $6, a: b, :: c",
    "",
  ],
  "a fence is closed": [
    "```js\n# a <b> [x]: /y\n:::\n%%\n$$\n---\n```",
    "````\n```\n````\n~~~\n```\n~~~",
    "a\n```\nb\n```\nc",
    "- a\n\n  ```\n  # b\n\n  <c>\n  ```",
    "1. a\n   ```sh\n   b\n   ```\n2. c\n   - d\n     ```\n       e\n     ```",
    "10. a\n    ```\n    b\n    ```\n11. ```\n    c\n    ```",
    "- ```\n  a\n       ```\n  ```",
    " ```\n a\n   ```",
    "1. a\n2. ```\n   b\n   ```",
    "```\n\t```\n```",
    "``` <a>\n```",
  ],
  "a formula is closed": [
    "$$\n\\frac{a}{b}\n\n~ c\n$$",
    "a $$b$$ c",
    "$$ a $$",
    "- a\n\n  $$\n  b\n  $$",
  ],
  "a tag lies in code": [
    "`<b>` ``<i> ` <u>`` `a\\` \\<b>",
    "- a\n    - `<b>`",
    "<https://a.example> <a@b.example>",
  ],
};

for (const [reason, texts] of Object.entries(PLAIN)) {
  Deno.test(`stands as it was written: ${reason}`, () => {
    for (const text of texts) assertEquals(asWritten(text), text);
  });
}

Deno.test("headings are lowered below that of the message, and keep their distances", () => {
  for (
    const [text, lowered] of [
      ["# a\n## b\n### c", "### a\n#### b\n##### c"],
      ["## a\n#### b", "### a\n##### b"],
      ["### a\n###### b", "### a\n###### b"],
      ["# a\n###### b", "### a\n###### b"],
      ["   ## a #\n#b\n# \n#", "   #### a #\n#b\n### \n###"],
      [
        "- # a\n\n  ## b\n\n> > # c\n\n1. - ## d",
        "- ### a\n\n  #### b\n\n> > ### c\n\n1. - #### d",
      ],
      ["10. a\n    # b", "10. a\n    ### b"],
      ["```\n# a\n```\n# b", "```\n# a\n```\n### b"],
      ["    # a", "    # a"],
    ]
  ) assertEquals(asWritten(text!), lowered);
});

Deno.test("a message of nothing but headings is no limit", () => {
  assertEquals(asWritten("#\n".repeat(500_000))?.length, 4 * 500_000 - 1);
});

Deno.test("a heading with a line below it becomes one with signs before it", () => {
  for (
    const [text, rewritten] of [
      ["a\n===\nb\n-\nc", "### a\n#### b\nc"],
      ["a  \n   ---  ", "### a"],
      ["a ##\n---", "### a \\##"],
      ["#######\n---", "### \\#######"],
    ]
  ) assertEquals(asWritten(text!), rewritten);
});

Deno.test("a tag becomes text: by an entity, or, where code is possible, an invisible character", () => {
  for (
    const [text, shown] of [
      ["a <b>c</b> \\<d> \\\\<e>", "a &lt;b>c&lt;/b> \\<d> \\\\&lt;e>"],
      ["`a` <b> `<c>`", "`a` &lt;b> `<c>`"],
      ["`a <b>\n<c>` <d>", undefined],
      ["`a <b>\nc <d>`\n\n<e@f.example> <g", "`a <\u2060b>\nc <\u2060d>`\n\n<e@f.example> &lt;g"],
      ["\\`a <b>`", "\\`a &lt;b>`"],
      ["a\n    b <c>", "a\n    b <\u2060c>"],
      ["| `a | <b>` |\n|---|---|", "| `a | <\u2060b>` |\n|---|---|"],
      ["[a](b`c) d `<e>", undefined],
      ["a <bc:`d> `<e>`", "a <bc:`d> `<\u2060e>`"],
      ["```\na\n```\n`<b>`, <c> d", "```\na\n```\n`<b>`, &lt;c> d"],
    ]
  ) assertEquals(asWritten(text!), shown, text);
});

Deno.test("blank lines around a message are left out, and its first indentation stays", () => {
  assertEquals(asWritten("\n \t\n  a\n\n \n"), "  a");
});

Deno.test("most messages of real conversations stand as they were written", () => {
  const contents = Object.values(CONVERSATIONS).flatMap(({ messages }) => messages)
    .map(({ content }) => content);
  const plain = contents.filter((content) => asWritten(content) !== undefined);
  assert(plain.length * 2 > contents.length, `${plain.length} of ${contents.length}`);
});
