import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { image, pdf, uploadAll } from "../support/files.ts";
import { assertError, assertField, request, signUp, type User } from "../support/users.ts";

const user = await signUp();
const other = await signUp();

const exportChat = (who: User, query: string) =>
  request(`export-chat?${query}`, { headers: { authorization: `Bearer ${who.token}` } });

Deno.test("a chat as Markdown: messages in order, then their images and hits", async () => {
  const chat_id = await user.createChat("Отчёт *Q3*");
  const { data: messages } = await user.client.from("chat_messages").insert([
    { chat_id, role: "user", content: "What does page 2 say?" },
    { chat_id, role: "assistant", content: "It says **so**:\n\n```\nx < y\n" },
  ]).select("id, seq").order("seq");
  await uploadAll(user, chat_id, [
    { ...image("page 2.png"), message_id: messages![1]!.id },
    image("loose.png", 1),
  ]);
  await user.client.from("search_results").insert([
    {
      chat_id,
      message_id: messages![1]!.id,
      block_id: "b`7",
      page_number: 2,
      block_text: "5 * 3 * 2",
      score: 0.5,
      coords_norm: [0, 0.25, 1, 0.5],
      coords_px: [[0, 1, 2, 3], [4, 5, 6, 7]],
    },
  ]);
  const { status, headers, body } = await exportChat(user, `chat_id=${chat_id}`);
  assertEquals(status, 200);
  assertEquals(headers.get("content-type"), "text/markdown; charset=utf-8");
  assertStringIncludes(headers.get("content-disposition")!, "filename*=UTF-8''%D0%9E");

  const order = [
    /^# Отчёт \\\*Q3\\\*$/m,
    /^- Links work until: \d{4}-\d\d-\d\dT[\d:.]+Z$/m,
    /^## User · \d{4}-\d\d-\d\dT[\d:.]+Z$/m,
    /^What does page 2 say\?$/m,
    /^## Assistant · /m,
    /^> ```\n> x < y$/m,
    /^!\[page 2\.png\]\(<http[^>]+X-Amz-Signature=[^>]+>\)$/m,
    /^> \*\*Page 2\*\* · block ``b`7`` · score 0\.5$/m,
    /^> Box: `normalised \[0, 0\.25, 1, 0\.5\]; pixels \[0, 1, 2, 3\], \[4, 5, 6, 7\]`$/m,
    /^> > 5 \\\* 3 \\\* 2$/m,
    /^## Not attached to a message$/m,
    /^!\[loose\.png\]\(<http[^>]+>\)$/m,
  ];
  let position = 0;
  for (const pattern of order) {
    const index = body.slice(position).search(pattern);
    assert(index >= 0, `${pattern} is missing after\n${body.slice(0, position)}`);
    position += index;
  }
  const [, url] = /!\[page 2\.png\]\(<([^>]+)>\)/.exec(body)!;
  assertEquals(await (await fetch(url!)).bytes(), image().bytes);
});

Deno.test("images and hits name their page, and their document where the chat has several", async () => {
  const chat_id = await user.createChat();
  const documents = ["manual.pdf", "notes *2*.pdf"].map((name) => ({
    name,
    content_type: "application/pdf",
    bytes: pdf(name),
    kind: "document" as const,
  }));
  const [first, page] = await uploadAll(user, chat_id, [documents[0]!, image("page.png")]);
  const origin = { document_id: first!, page_number: 9 };
  await user.client.from("chat_images").update(origin).eq("id", page!);
  await user.client.from("search_results").insert({ chat_id, ...origin, block_id: "b1" });
  const { body: one } = await exportChat(user, `chat_id=${chat_id}`);
  assertMatch(one, /^- Document: \[manual\.pdf\]\(<http[^>]+>\)$/m);
  assertMatch(one, /^!\[page\.png\].+\n\n\*Page 9\*$/m);
  assertMatch(one, /^> \*\*Page 9\*\* · block `b1`$/m);
  await uploadAll(user, chat_id, [documents[1]!]);
  const { body: two } = await exportChat(user, `chat_id=${chat_id}&images=none`);
  assertMatch(two, /^- Document: manual\.pdf\n- Document: notes \\\*2\\\*\.pdf$/m);
  assertMatch(two, /\(`page\.png`, Page 9 of manual\.pdf, 4 × 3 px\)/);
  assertMatch(two, /^> \*\*Page 9 of manual\.pdf\*\* · block `b1`$/m);
});

Deno.test("images=none names what is left out", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("secret plan.png")]);
  const { body } = await exportChat(user, `chat_id=${chat_id}&images=none`);
  assertMatch(body, /^- Images are not included: /m);
  assertMatch(body, /Image not included: secret plan\.png \(`secret plan\.png`, 4 × 3 px\)/);
  assert(!body.includes("X-Amz"));
});

Deno.test("more messages than a page are all there, once and in order", async () => {
  const chat_id = await user.createChat();
  const contents = Array.from({ length: 1234 }, (_, index) => `message number ${index}.`);
  for (let start = 0; start < contents.length; start += 500) {
    const rows = contents.slice(start, start + 500)
      .map((content) => ({ chat_id, role: "user", content }));
    const { error } = await user.client.from("chat_messages").insert(rows);
    assertEquals(error, null);
  }
  const { body } = await exportChat(user, `chat_id=${chat_id}`);
  assertEquals(
    [...body.matchAll(/^(message number \d+\.)$/gm)].map(([, text]) => text),
    contents,
  );
});

Deno.test("messages of a megabyte do not break the pages", async () => {
  const chat_id = await user.createChat();
  for (let index = 0; index < 4; index++) {
    await user.client.from("chat_messages")
      .insert({ chat_id, role: "user", content: `${index}`.repeat(1024 * 1024) });
  }
  const { body } = await exportChat(user, `chat_id=${chat_id}`);
  assertEquals([...body.matchAll(/^(\d)\1+$/gm)].map(([, digit]) => digit), ["0", "1", "2", "3"]);
});

Deno.test("images and hits stay with their messages, over many pages", async () => {
  const chat_id = await user.createChat();
  const { data: messages } = await user.client.from("chat_messages")
    .insert(
      Array.from({ length: 7 }, (_, n) => ({ chat_id, role: "user", content: `message ${n}` })),
    )
    .select("id, seq").order("seq");
  // Hits in another order than their messages, some of 60 kB: a page holds few of them.
  for (const index of [5, 1, 3]) {
    const rows = Array.from({ length: 40 }, (_, n) => ({
      chat_id,
      message_id: messages![index]!.id,
      block_id: `b${index}.${n}`,
      page_number: 1,
      block_text: n % 2 ? "x".repeat(60_000) : "short",
    }));
    assertEquals((await user.client.from("search_results").insert(rows)).error, null);
  }
  const { body } = await exportChat(user, `chat_id=${chat_id}`);
  const order = [...body.matchAll(/^message (\d)$|block `(b[\d.]+)`/gm)]
    .map(([, message, block]) => message ?? block);
  const expected = Array.from({ length: 7 }, (_, index) => [
    String(index),
    ...([1, 3, 5].includes(index) ? Array.from({ length: 40 }, (_, n) => `b${index}.${n}`) : []),
  ]).flat();
  assertEquals(order, expected);
});

Deno.test("an empty chat is a valid export", async () => {
  const { status, body } = await exportChat(user, `chat_id=${await user.createChat("Empty")}`);
  assertEquals(status, 200);
  assertMatch(body, /^# Empty\n/);
});

Deno.test("unknown and other users' chats: not_found", async () => {
  const theirs = await other.createChat();
  for (const id of [crypto.randomUUID(), theirs]) {
    assertError(await exportChat(user, `chat_id=${id}`), 404, "not_found");
  }
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const id = crypto.randomUUID();
  const cases: [string, string][] = [
    ["", "chat_id"],
    ["chat_id=x", "chat_id"],
    [`chat_id=${id}&format=pdf`, "format"],
    [`chat_id=${id}&images=all`, "images"],
    [`chat_id=${id}&nonsense=1`, "nonsense"],
  ];
  for (const [query, field] of cases) {
    assertField(assertError(await exportChat(user, query), 400, "invalid_request"), field);
  }
});
