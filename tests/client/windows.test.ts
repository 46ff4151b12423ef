/** Messages and histories in both directions, between two seq, with a limit. */
import { createChatArchive, type ReadMessages } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
/** Paths of the requests that were sent. */
const sent: string[] = [];
const archive = createChatArchive(
  apiClient({
    token: user.token,
    fetch: (input, init) => {
      sent.push(new URL(input instanceof Request ? input.url : input).pathname.split("/").at(-1)!);
      return fetch(input, init);
    },
  }),
  { useDatabase: true },
);

const { id: chat_id } = await archive.createChat({ title: "Windows" });
const stored = await archive.addMessages({
  chat_id,
  messages: Array.from({ length: 1234 }, (_, n) => ({ role: "user" as const, content: String(n) })),
});
const seqOf = (n: number) => stored[n]!.seq;

/** What is asked for, which messages that is (from, to; backwards: the newest first). */
const WINDOWS: [string, Omit<ReadMessages, "chat_id">, number[]][] = [
  ["the first ones", { limit: 3 }, [0, 3]],
  ["the last ones", { order: "desc", limit: 3 }, [1234, 1231]],
  ["some after one", { after: seqOf(1000), limit: 2 }, [1001, 1003]],
  ["the first ones before one", { before: seqOf(1000), limit: 2 }, [0, 2]],
  ["the last ones before one", { order: "desc", before: seqOf(1000), limit: 600 }, [1000, 400]],
  ["all after one, the newest first", { order: "desc", after: seqOf(1230) }, [1234, 1231]],
  ["those between two", { after: seqOf(5), before: seqOf(9) }, [6, 9]],
  [
    "those between two, the newest first",
    { order: "desc", after: seqOf(5), before: seqOf(9) },
    [9, 6],
  ],
  ["nothing between the wrong two", { after: seqOf(9), before: seqOf(5) }, [0, 0]],
  ["all, the newest first", { order: "desc" }, [1234, 0]],
  ["as many as there are", { limit: 1234 }, [0, 1234]],
];

for (const [what, window, [from, to]] of WINDOWS) {
  Deno.test(`messages and history give ${what}`, async () => {
    const part = stored.slice(Math.min(from!, to!), Math.max(from!, to!));
    const expected = from! > to! ? part.toReversed() : part;
    assertEquals(await Array.fromAsync(archive.messages({ chat_id, ...window })), expected);
    const history = await Array.fromAsync(archive.history({ chat_id, ...window }));
    const empty = { images: [], search_results: [] };
    assertEquals(history, expected.map((message) => ({ ...message, ...empty })));
  });
}

Deno.test("a list is read on from where a reader was, in both directions", async () => {
  for (const order of ["asc", "desc"] as const) {
    const seen: number[] = [];
    for (;;) {
      const last = seen.at(-1);
      const bound = last === undefined ? {} : { [order === "asc" ? "after" : "before"]: last };
      const page = await Array.fromAsync(
        archive.messages({ chat_id, order, limit: 100, ...bound }),
      );
      if (page.length === 0) break;
      seen.push(...page.map(({ seq }) => seq));
    }
    const all = stored.map(({ seq }) => seq);
    assertEquals(seen, order === "asc" ? all : all.toReversed());
  }
});

Deno.test("the last page of messages is known by its rows and bytes", async () => {
  const read = async (contents: string[], limit?: number) => {
    const { id: chat_id } = await archive.createChat({ title: "Pages" });
    const messages = contents.map((content) => ({ role: "user" as const, content }));
    await archive.addMessages({ chat_id, messages });
    sent.length = 0;
    const found = await Array.fromAsync(archive.messages({ chat_id, limit }));
    assertEquals(found.map(({ content }) => content), contents.slice(0, limit));
    return sent.length;
  };
  const small = (length: number) => Array.from({ length }, (_, n) => String(n));
  assertEquals(await read([]), 1);
  assertEquals(await read(small(3)), 1);
  assertEquals(await read(small(3), 3), 1);
  assertEquals(await read(small(499)), 1);
  assertEquals(await read(small(500)), 2);
  const half = "x".repeat(524_288 - 100);
  assertEquals(await read([half, half]), 1);
  assertEquals(await read([half, half, half]), 2);
  assertEquals(await read([half, half, half, half, ...small(3)]), 2);
  assertEquals(await read([...small(3), half + half, "last"]), 1);
  assertEquals(await read([half + half, half + half, "last"]), 2);
});

Deno.test("history is one request a page", async () => {
  const { id: chat_id } = await archive.createChat({ title: "One request" });
  const messages = await archive.addMessages({
    chat_id,
    messages: Array.from({ length: 120 }, () => ({ role: "user" as const, content: "x" })),
  });
  await archive.addSearchResults({
    chat_id,
    search_results: messages.flatMap(({ id }) =>
      Array.from({ length: 5 }, (_, n) => ({ message_id: id, block_id: `${n}`, page_number: 1 }))
    ),
  });
  for (const [limit, pages] of [[1, 1], [50, 1], [51, 2], [120, 3], [undefined, 4]] as const) {
    sent.length = 0;
    const read = await Array.fromAsync(archive.history({ chat_id, limit }));
    assertEquals(read.length, limit ?? 120);
    assert(read.every(({ search_results }) => search_results.length === 5));
    assertEquals(sent, Array.from({ length: pages }, () => "history_page"), String(limit));
  }
});

Deno.test("a message that alone has more than a page gets all that belongs to it", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Huge" });
  const messages = await archive.addMessages({
    chat_id,
    messages: ["small", "huge", "after"].map((content) => ({ role: "user" as const, content })),
  });
  const [small, huge, after] = messages.map(({ id }) => id);
  const block_text = "x".repeat(60_000);
  const of = (message_id: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      message_id,
      block_id: String(n),
      page_number: 1,
      block_text,
      coords_norm: [0, 0, 1, 1] as [number, number, number, number],
    }));
  await archive.addSearchResults({
    chat_id,
    search_results: [...of(small!, 2), ...of(huge!, 40), ...of(after!, 3)],
  });
  await asOperator((sql) =>
    sql`insert into chat_images (id, chat_id, user_id, message_id, image_name, s3_path, content_type, file_size)
        select i, ${chat_id}, ${user.id}, ${huge!}, 'a.png',
               ${`${user.id}/${chat_id}/images/`} || i || '.png', 'image/png', 1
        from (select gen_random_uuid() as i from generate_series(1, 3)) n`
  );
  for (const order of ["asc", "desc"] as const) {
    const read = await Array.fromAsync(archive.history({ chat_id, order }));
    const found = read.map(({ content, images, search_results }) => [
      content,
      images.length,
      search_results.map(({ block_id, coords_norm }) => [block_id, coords_norm]),
    ]);
    const expected = [["small", 0, 2], ["huge", 3, 40], ["after", 0, 3]] as const;
    assertEquals(
      order === "asc" ? found : found.toReversed(),
      expected.map(([content, images, count]) => [
        content,
        images,
        Array.from({ length: count }, (_, n) => [String(n), [[0, 0, 1, 1]]]),
      ]),
    );
  }
});

Deno.test("a window that is none is refused", async () => {
  for (const limit of [0, -1, NaN]) {
    for (
      const rows of [archive.messages({ chat_id, limit }), archive.history({ chat_id, limit })]
    ) {
      const error = await assertCode(() => Array.fromAsync<unknown>(rows), "invalid_request");
      assertEquals(error.details?.[0]?.path, ["limit"]);
    }
  }
  const order = "newest" as "desc";
  const error = await assertCode(
    () => Array.fromAsync(archive.messages({ chat_id, order })),
    "invalid_request",
  );
  assertEquals(error.message, "order: asc or desc");
});
