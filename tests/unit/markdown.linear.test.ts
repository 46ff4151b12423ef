/**
 * A message of a megabyte costs what a thousand of a kilobyte cost. Counted, not timed: each method of
 * strings and of regular expressions counts the characters that it is given or gives back. What a
 * regular expression does by itself is judged by its form: none that was used may look at a character
 * more often the longer the text is.
 */
import fc from "fast-check";
import { analyse } from "scslre";
import { contain } from "@shared/markdown/contain.ts";
import { asWritten } from "@shared/markdown/as_written.ts";
import { assert, assertEquals } from "@std/assert";

/** Whole text: it is looked at. Result: only that is made. Argument: only that is compared. */
const COUNTED: Record<string, "text" | "result" | "argument"> = {
  includes: "text",
  search: "text",
  replace: "text",
  replaceAll: "text",
  matchAll: "text",
  split: "text",
  trim: "text",
  trimEnd: "text",
  toWellFormed: "text",
  slice: "result",
  repeat: "result",
  startsWith: "argument",
  endsWith: "argument",
};

type Method = (this: unknown, ...values: unknown[]) => unknown;

/** Runs a function; counts characters, and collects the regular expressions. */
function count(run: () => void): { characters: number; expressions: Map<string, RegExp> } {
  let characters = 0;
  const expressions = new Map<string, RegExp>();
  const restore: (() => void)[] = [];
  const patch = (owner: object, name: string, wrap: (original: Method) => Method) => {
    const original = Reflect.get(owner, name) as Method;
    Reflect.set(owner, name, wrap(original));
    restore.push(() => Reflect.set(owner, name, original));
  };
  for (const [name, what] of Object.entries(COUNTED)) {
    patch(String.prototype, name, (original) =>
      function (...values) {
        const result = original.apply(this, values);
        const counted = { text: this, argument: values[0], result }[what];
        if (typeof counted === "string") characters += counted.length;
        return result;
      });
  }
  patch(String.prototype, "indexOf", (original) =>
    function (...values) {
      const index = original.apply(this, values) as number;
      characters += (index < 0 ? String(this).length : index) - Number(values[1] ?? 0);
      return index;
    });
  // All uses of a regular expression end here.
  patch(RegExp.prototype, "exec", (original) =>
    function (this: unknown, text) {
      const expression = this as RegExp;
      const start = expression.global || expression.sticky ? expression.lastIndex : 0;
      const found = original.call(expression, text) as RegExpExecArray | null;
      const end = expression.sticky ? start + 1 : String(text).length;
      characters += (found ? found.index + found[0].length : end) - start;
      expressions.set(String(expression), expression);
      return found;
    });
  try {
    run();
  } finally {
    for (const undo of restore) undo();
  }
  return { characters, expressions };
}

const both = (text: string) => () => {
  asWritten(text);
  contain(text);
};

/** The most characters that are looked at for each one of a text. */
const MOST = 100;

// deno-fmt-ignore
const PIECES = [
  "a", " ", "  ", "\t", "\n", "\n\n", "\r", "\\", "`", "``", "`a`", "```\n", "~~~", "<", "<a ", "<a:", "<a@", ">", "> ",
  "- ", "- a\n", "-", "* ", "1. ", "1. a\n  ", "10) ", "#", "# ", "a #", "=", "---\n", "a\n---\n", "[", "[a\\", "](", "](<",
  "]:", "$$", "$$\n", "%%", ":::", ":", "|", "<!--", "www.", "\ud800",
];

Deno.test("the work for a text grows as the text does, whatever it repeats", () => {
  const piece = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
    .map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(piece, piece, piece, (start, again, end) => {
      const text = start + again.repeat(4000) + end;
      const { characters } = count(both(text));
      assert(characters <= MOST * text.length, `${characters} for ${text.length}`);
    }),
    { numRuns: 100 },
  );
});

Deno.test("no regular expression goes back over what it has read", () => {
  const used = new Map<string, RegExp>();
  const text = `${PIECES.map((piece) => `${piece}a\n${piece}\n`).join("\n")}`;
  for (
    const part of [text, ...text.split("\n\n"), ...PIECES, "a\n---", "- a\n  $$\n  b", ">>>", "<a`"]
  ) {
    for (const [key, expression] of count(both(part)).expressions) used.set(key, expression);
  }
  assert(used.size >= 20, [...used.keys()].join("\n"));
  for (const expression of used.values()) {
    assertEquals(analyse(expression).reports.map(({ type }) => type), [], String(expression));
  }
});
