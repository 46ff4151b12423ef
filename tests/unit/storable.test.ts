import fc from "fast-check";
import { isStorable, storable, storableJson, storableText } from "@shared/storable.ts";
import { assert, assertEquals } from "@std/assert";

/** Halves of pairs, whole pairs, null characters, and what looks like their escapes in JSON. */
const text = fc.array(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("\0", "\ud83d", "\ude00", "😀", "\\", "\\\\", "\\u0000", "\\ud83d", '"', "u"),
  ),
  { maxLength: 8 },
).map((pieces) => pieces.join(""));

/** Character by character. */
const expected = (value: string) =>
  [...value].map((char) => char === "\0" || /^\p{Cs}$/u.test(char) ? "\ufffd" : char).join("");

Deno.test("of a text all is kept but what can't be stored", () => {
  fc.assert(fc.property(text, (value) => {
    assertEquals(storableText(value), expected(value));
    assertEquals(isStorable(value), expected(value) === value);
  }));
});

Deno.test("JSON is changed as its texts are, names of fields included", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom(null, 1, true),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.uniqueArray(fc.tuple(text, tie("value")), {
        maxLength: 3,
        selector: ([name]) => expected(name),
      }).map(Object.fromEntries),
    ),
  }));
  fc.assert(fc.property(value, (value) => {
    const clean = storable(value);
    const json = JSON.stringify(clean);
    assert(json.isWellFormed() && !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json), json);
    assertEquals(JSON.parse(storableJson(JSON.stringify(value))), JSON.parse(json));
  }));
});

Deno.test("what is no JSON stays as it is", () => {
  const blob = new Blob(["x"]);
  const { signal } = new AbortController();
  const bytes = new Uint8Array([1]);
  const input = { blob, signal, list: [bytes], left_out: undefined, title: "a\0" };
  const clean = storable(input);
  assertEquals(clean.title, "a\ufffd");
  assert(clean.blob === blob && clean.signal === signal && clean.list[0] === bytes);
  assert("left_out" in clean && input.title === "a\0");
});
