/** Search over the rows of a device: by the beginnings of words. */
import fc from "fast-check";
import { localSearch, localSearchPage } from "@shared/client/offline/local_search.ts";
import type { FoundText } from "@shared/client/found_text.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

const at = (day: number) => `2026-01-0${day}T00:00:00+00:00`;
const chat = (id: string, title: string, is_archived = false) => ({
  ...{ id, title, is_archived, user_id: "u", description: null, document_path: null, metadata: {} },
  ...{ external_id: null, created_at: at(1), updated_at: at(1) },
});
const message = (id: string, content: string, day = 1, chat_id = "c1") => ({
  ...{ id, chat_id, user_id: "u", seq: day, role: "user" as const, content, message_type: "text" },
  ...{ parts: null, metadata: {}, parent_id: null, external_id: null, bytes: 0 },
  ...{ status: "complete" as const, created_at: at(day), updated_at: at(day) },
});
const NO_ROWS = {
  chats: [chat("c1", "Gearbox"), chat("c2", "Put away", true)],
  chat_messages: [
    message("m1", "The gearboxes are cold."),
    message("m2", "Ёлка у коробки передач", 2),
    message("m3", "Cold oil 🙂🙂 for a gearbox", 3),
    message("m4", "A gearbox that was put away", 4, "c2"),
  ],
  chat_documents: [],
  chat_images: [],
  search_results: [],
};
const found = (query: string, more = {}) =>
  localSearch(NO_ROWS, { query, ...more }).map(({ message_id, chat_id }) => message_id ?? chat_id);

for (
  const [query, ids] of [
    ["gear", ["c1", "m3", "m1"]],
    ["GEARBOX", ["c1", "m3", "m1"]],
    ["cold gear", ["m3", "m1"]],
    ["cold -oil", ["m1"]],
    ['"cold oil"', ["m3"]],
    ["елк", ["m2"]],
    ["ёлка короб", ["m2"]],
    ["box", []],
    ["", []],
    ["-gear", []],
    ['"', []],
    ["…", []],
  ] as const
) {
  Deno.test(`a device finds ${query || "nothing"}`, () => assertEquals(found(query), [...ids]));
}

Deno.test("a device searches one chat, some kinds, archived chats on request", () => {
  assertEquals(found("gear", { chat_id: "c2" }), ["m4"]);
  assertEquals(found("gear", { kinds: ["title"] }), ["c1"]);
  assertEquals(found("gear", { include_archived: true }), ["c1", "m4", "m3", "m1"]);
});

Deno.test("a device says where the words are, and that it was a device", () => {
  const [one] = localSearch(NO_ROWS, { query: "for gear", kinds: ["message"] });
  assertEquals(one!.matches.map(([from, to]) => one!.snippet.slice(from, to)), ["for", "gearbox"]);
  assertEquals([one!.local, one!.rank, one!.chat_title], [true, 0, "Gearbox"]);
});

Deno.test("a device gives pages, and does not go on with one of the server's", () => {
  const seen: FoundText[] = [];
  let after: string | undefined;
  do {
    const page = localSearchPage(NO_ROWS, { query: "gear", limit: 2, after });
    assertEquals(page.local, true);
    seen.push(...page.results);
    after = page.next;
  } while (after);
  assertEquals(seen, localSearch(NO_ROWS, { query: "gear" }));
  const server = { query: "gear", after: "0123456789ab.title.0.0.1.1.c1" };
  assertThrows(() => localSearchPage(NO_ROWS, server), Error, "has begun this search");
  assertThrows(() => localSearchPage(NO_ROWS, { query: "gear", limit: 0 }), Error, "limit");
});

Deno.test("whatever a text holds, a snippet is a part of it, and what is marked begins as asked", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 600 });
  fc.assert(fc.property(text, text, (before, after) => {
    const content = `${before} gearbox ${after}`;
    const rows = { ...NO_ROWS, chat_messages: [message("m", content)] };
    const [one] = localSearch(rows, { query: "gearb", kinds: ["message"] });
    assert(one && content.includes(one.snippet));
    const marked = one.matches.map(([from, to]) => one.snippet.slice(from, to));
    assert(marked.some((word) => /^gearb/i.test(word.normalize("NFKC"))), `${marked}`);
    assert(one.snippet.isWellFormed());
  }));
});
