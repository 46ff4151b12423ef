/** Search through the library: pages, whose texts, what it refuses, and what it marks. */
import fc from "fast-check";
import { type ChatArchive, createChatArchive, type FoundText } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const stranger = await signUp();
const [archive, theirs] = [user, stranger].map(({ client }) =>
  createChatArchive(client, { useDatabase: true })
) as [ChatArchive, ChatArchive];

const marked = ({ snippet, matches }: FoundText) =>
  matches.map(([start, end]) => snippet.slice(start, end));
const all = (query: string, of: ChatArchive = archive) => Array.fromAsync(of.search({ query }));

Deno.test("a search finds the sentence, the page and the box", async () => {
  const { id: chat_id } = await archive.createChat({ title: "About a turbine" });
  const message = await archive.addMessage({
    chat_id,
    role: "assistant",
    content: "Турбина 🙂 of 40 MW, see TB-4711.",
  });
  const [hit] = await archive.addSearchResults({
    chat_id,
    search_results: [{
      message_id: message.id,
      block_id: "b",
      page_number: 7,
      block_text: "The turbines stand in hall 4.",
      coords_norm: [0.1, 0.2, 0.3, 0.4],
    }],
  });
  const found = await all("turbine");
  assertEquals(found.map(({ kind }) => kind), ["title", "search_result"]);
  assertEquals(found[1], {
    ...{ kind: "search_result", chat_id, chat_title: "About a turbine" },
    ...{ message_id: message.id, image_id: null, document_id: null, search_result_id: hit!.id },
    ...{ page_number: 7, coords_norm: [[0.1, 0.2, 0.3, 0.4]] },
    ...{ snippet: "The turbines stand in hall 4.", matches: [[4, 12]] },
    ...{ rank: found[1]!.rank, created_at: hit!.created_at },
  });
  assertEquals((await all("турбины")).map(marked), [["Турбина"]]);
  assertEquals((await all("tb4711")).map(marked), [["TB-4711"]]);
  assertEquals((await all("MW")).map(marked), [["MW"]]);
});

Deno.test("pages are read on while others write, without a repetition", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Pages" });
  const contents = Array.from({ length: 45 }, (_, n) => `compressor ${"x ".repeat(n % 7)}${n}`);
  const add = (messages: string[]) =>
    archive.addMessages({
      chat_id,
      messages: messages.map((content) => ({ role: "user" as const, content })),
    });
  await add(contents);
  const seen: FoundText[] = [];
  let after: string | undefined;
  do {
    const { results, next } = await archive.searchPage({ query: "compressor", limit: 10, after });
    seen.push(...results);
    await add(["compressor compressor", "a compressor that is written meanwhile"]);
    after = next;
  } while (after);
  const ids = seen.map(({ message_id }) => message_id);
  assertEquals(new Set(ids).size, ids.length);
  const snippets = new Set(seen.map(({ snippet }) => snippet));
  assertEquals(contents.filter((content) => !snippets.has(content)), []);
  const ranks = seen.map(({ rank }) => rank);
  assertEquals(ranks, ranks.toSorted((a, b) => b - a));
  assertEquals((await all("compressor")).length > 45, true);
});

Deno.test("two users who share every word find their own texts only", async () => {
  const words = "flywheel governor";
  const write = async (of: ChatArchive, n: number) => {
    const { id: chat_id } = await of.createChat({ title: words });
    await of.addMessages({
      chat_id,
      messages: Array.from({ length: n }, () => ({ role: "user" as const, content: words })),
    });
    return chat_id;
  };
  const mine = await write(archive, 3);
  const before = await all(words);
  const other = await write(theirs, 200);
  assertEquals(await all(words), before, "neither number, order nor rank");
  assertEquals(new Set((await all(words)).map(({ chat_id }) => chat_id)), new Set([mine]));
  assertEquals(new Set((await all(words, theirs)).map(({ chat_id }) => chat_id)), new Set([other]));
  assertEquals((await archive.searchPage({ query: words, chat_id: other })).results, []);
  // A cursor opens nothing: it is of one user.
  const { next } = await theirs.searchPage({ query: words, limit: 2 });
  await assertCode(
    () => archive.searchPage({ query: words, limit: 2, after: next }),
    "invalid_request",
  );
  // The same entries of the index are read, however much others have written.
  const reads = async () =>
    await asOperator((sql) =>
      sql.begin(async (tx) => {
        const claims = JSON.stringify({ sub: user.id, role: "authenticated" });
        await tx`select set_config('request.jwt.claims', ${claims}, true)`;
        await tx`set local role authenticated`;
        // The first one reads what the session has not cached yet.
        await tx`select from search_archive(${words})`;
        const [row] = await tx.unsafe(
          `explain (analyze, buffers, format json) select from search_archive('${words}')`,
        );
        const { Plan } = row!["QUERY PLAN"][0];
        return Plan["Shared Hit Blocks"] + Plan["Shared Read Blocks"] as number;
      })
    );
  await asOperator((sql) => sql`vacuum private.search_entries`);
  const few = await reads();
  const { id: chat_id } = await theirs.createChat({ title: words });
  for (let n = 0; n < 4; n++) {
    await theirs.addMessages({
      chat_id,
      messages: Array.from({ length: 500 }, () => ({ role: "user" as const, content: words })),
    });
  }
  await asOperator((sql) => sql`vacuum private.search_entries`);
  const many = await reads();
  assert(many < few * 1.5 + 20, `${few} blocks, then ${many}`);
});

const REFUSED: [string, Parameters<ChatArchive["searchPage"]>[0]][] = [
  ["10,000 characters", { query: "a".repeat(10_000) }],
  ["too many words", { query: "a ".repeat(65) }],
  ["no limit", { query: "a", limit: 0 }],
  ["a limit too high", { query: "a", limit: 101 }],
  ["half a row", { query: "a", limit: 1.5 }],
  ["an unknown kind", { query: "a", kinds: ["chat" as "title"] }],
  ["no uuid", { query: "a", chat_id: "x" }],
  ["no cursor", { query: "a", after: "x" }],
  ["an empty cursor", { query: "a", after: "" }],
  ["a cursor of the device", { query: "a", after: "local:20" }],
];
for (const [what, input] of REFUSED) {
  Deno.test(`a search refuses ${what}`, async () => {
    await assertCode(() => archive.searchPage(input), "invalid_request");
  });
}

Deno.test("a cursor of another query is refused", async () => {
  const { id: chat_id } = await archive.createChat({ title: "valve valve" });
  await archive.addMessage({ chat_id, role: "user", content: "valve" });
  const { next: after } = await archive.searchPage({ query: "valve", limit: 1 });
  assert(after);
  assertEquals((await archive.searchPage({ query: "valve", limit: 1, after })).results.length, 1);
  for (
    const other of [
      { query: "valves" },
      { query: "valve", chat_id },
      { query: "valve", include_archived: true },
      { query: "valve", kinds: ["title" as const] },
    ]
  ) await assertCode(() => archive.searchPage({ ...other, after }), "invalid_request");
});

for (
  const query of [
    "",
    " ",
    "the",
    "и в на",
    "or",
    "-",
    "-valve",
    '"',
    '""',
    "& | ! ( ) :* <->",
    "'",
    "\\",
  ]
) {
  Deno.test(`a search for ${JSON.stringify(query)} finds nothing`, async () => {
    assertEquals(await archive.searchPage({ query }), { results: [] });
  });
}

Deno.test("what no text can hold is nothing in a query", async () => {
  for (const query of ["\ud83d", "\0"]) {
    assertEquals(await archive.searchPage({ query }), { results: [] });
  }
});

Deno.test("whatever is asked of whatever text, it answers, and marks parts of the snippet", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Anything" });
  const piece = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "Ёлка",
      "AB-1234",
      "src/lib/read_file.ts",
      "数据库",
      "e\u0301",
      "<b>",
      "it's",
      "\\",
      "🙂",
    ),
  ).filter((text) => text.isWellFormed() && !text.includes("\0"));
  const content = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(" "));
  await fc.assert(
    fc.asyncProperty(content, piece, content, async (before, asked, after) => {
      const text = `${before} zebra ${asked} ${after}`;
      const { id } = await archive.addMessage({ chat_id, role: "user", content: text });
      for (const query of ["zebr", asked, `zebra ${asked}`]) {
        const { results } = await archive.searchPage({ query, chat_id, limit: 1 });
        for (const found of results) {
          const places = found.matches.flat();
          assertEquals(places, places.toSorted((a, b) => a - b));
          assert(places.every((place) => place >= 0 && place <= found.snippet.length));
          assert(
            found.snippet.isWellFormed() && marked(found).every((word) => word.isWellFormed()),
          );
          assert(marked(found).every((word) => word !== ""));
        }
        if (query !== "zebr") continue;
        const [found] = results;
        assert(text.includes(found!.snippet), found!.snippet);
        assert(marked(found!).some((word) => /^zebr/i.test(word)), text);
      }
      await archive.deleteMessages({ chat_id, ids: [id] });
    }),
    { numRuns: 60 },
  );
});

Deno.test("each beginning of each word finds it", async () => {
  const words = "happily installations quickest ponies dying 12345 bzip2recover " +
    "документация описывающие скачиваемый архивы ёжиками";
  const { id: chat_id } = await archive.createChat({ title: "Beginnings" });
  await archive.addMessage({ chat_id, role: "user", content: words });
  const missing: string[] = [];
  for (const word of words.split(" ")) {
    for (let length = 1; length <= word.length; length++) {
      const query = word.slice(0, length);
      const { results } = await archive.searchPage({ query, chat_id });
      // A beginning that is a word of no meaning (i, в) is ignored.
      const marks = results.flatMap(marked);
      if (!marks.includes(word) && length > 3) missing.push(query);
    }
  }
  assertEquals(missing, []);
});

Deno.test("without the server a device searches what it has, and says so", async () => {
  let isDown = false;
  await using local = createChatArchive(
    apiClient({
      token: user.token,
      fetch: (input, init) =>
        isDown ? Promise.reject(new TypeError("no network")) : fetch(input, init),
    }),
    { offline: "local", useDatabase: true, retryAfter: 60_000 },
  );
  const { id: chat_id } = await local.createChat({ title: "On a train" });
  const { id } = await local.addMessage({ chat_id, role: "user", content: "A locomotive 🙂" });
  const query = { query: "locomot", chat_id };
  const online = await local.searchPage(query);
  assertEquals([online.local, online.results.map(({ local }) => local)], [undefined, [undefined]]);
  isDown = true;
  const page = await local.searchPage(query);
  assertEquals([page.local, page.results.map(({ message_id }) => message_id)], [true, [id]]);
  const [found] = await Array.fromAsync(local.search(query));
  assertEquals([found!.local, marked(found!)], [true, ["locomotive"]]);
});
