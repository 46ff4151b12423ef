/** export-chat?format=json: every column of every row, streamed. */
import { ChatExport } from "@shared/contracts/chat-export.ts";
import { assert, assertEquals } from "@std/assert";
import { exportJson } from "../support/exports.ts";
import { image, pdf, uploadAll } from "../support/files.ts";
import { asOperator } from "../support/stack.ts";
import { request, signUp } from "../support/users.ts";

const user = await signUp();

const exportChat = (query: string) =>
  request(`export-chat?${query}`, { headers: { authorization: `Bearer ${user.token}` } });

/** Rows of a table as the database writes them. */
const rowsOf = (table: string, chat_id: string) =>
  asOperator(async (sql) =>
    (await sql.unsafe(
      `select to_jsonb(t) as row from public.${table} t where chat_id = $1 order by seq`,
      [chat_id],
    )).map(({ row }) => row)
  );

Deno.test("JSON carries every column of every row, in the order of seq", async () => {
  const created_at = "2020-02-03T04:05:06.789012+00:00";
  const { data: chat } = await user.client.from("chats").insert({
    title: 'Отчёт "Q3" \u2028',
    description: "line\nline",
    is_archived: true,
    metadata: { nested: [1, { a: null }], "clé": "\u0001" },
    created_at,
  }).select().single();
  const chat_id = chat!.id;
  const { data: messages } = await user.client.from("chat_messages").insert([
    { chat_id, role: "user", content: '\u0001 \\ " \n 😀', message_type: "note", created_at },
    { chat_id, role: "assistant", content: "", message_type: "text", created_at },
  ]).select("id, seq").order("seq");
  // The loose ones come first: they keep their place.
  await uploadAll(user, chat_id, [
    image("свободный.png", 1),
    { ...image("page 2.png"), message_id: messages![1]!.id },
    { name: "the document.pdf", content_type: "application/pdf", bytes: pdf(), kind: "document" },
  ]);
  const hit = { chat_id, page_number: 2, created_at };
  await user.client.from("search_results").insert([
    {
      ...hit,
      block_id: "loose",
      message_id: null,
      score: 1e-300,
      block_text: null,
      coords_norm: null,
      coords_px: [0.1, 2, 3e7, 123456.789],
    },
    {
      ...hit,
      block_id: "b7",
      message_id: messages![0]!.id,
      score: 0.1 + 0.2,
      block_text: "text",
      coords_norm: [[0, 0.1, 0.2, 1], [0, 0, 1, 1]],
      coords_px: null,
    },
  ]);

  const { status, headers, body } = await exportChat(`chat_id=${chat_id}&format=json`);
  assertEquals(status, 200);
  assertEquals(headers.get("content-type"), "application/json");
  assert(headers.get("content-disposition")!.includes(".json"));
  const file = ChatExport.parse(body);
  const { data: row } = await user.client.from("chats").select().eq("id", chat_id).single();
  assertEquals(body.chat, row);
  assertEquals(body.messages, await rowsOf("chat_messages", chat_id));
  assertEquals(body.search_results, await rowsOf("search_results", chat_id));
  assertEquals(
    body.images.map(({ link: _, ...columns }: ChatExport["images"][number]) => columns),
    await rowsOf("chat_images", chat_id),
  );
  assertEquals(
    body.documents.map(({ link: _, ...columns }: ChatExport["documents"][number]) => columns),
    await rowsOf("chat_documents", chat_id),
  );
  assertEquals(file.documents[0]!.s3_path, row!.document_path);
  const { link } = file.documents[0]!;
  assertEquals(await (await fetch(link!.url)).bytes(), pdf());
  assertEquals(await (await fetch(file.images[0]!.link!.url)).bytes(), image("", 1).bytes);
  const left = Date.parse(link!.expires_at) - Date.now();
  assert(left > 3_500_000 && left < 3_601_000, "says until when the links work");
});

Deno.test("JSON with images=none carries no link", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image()]);
  const { body } = await exportChat(`chat_id=${chat_id}&format=json&images=none`);
  assertEquals(ChatExport.parse(body).images.map(({ link }) => link), [undefined]);
  assert(!JSON.stringify(body).includes("X-Amz"));
});

Deno.test("JSON of an empty chat", async () => {
  const { body } = await exportChat(`chat_id=${await user.createChat("Empty")}&format=json`);
  const { messages, images, search_results, documents } = ChatExport.parse(body);
  assertEquals({ messages, images, search_results, documents }, {
    messages: [],
    images: [],
    search_results: [],
    documents: [],
  });
});

Deno.test("rows beyond one page, long ones among them, are all in the JSON", async () => {
  const chat_id = await user.createChat();
  const texts = Array.from(
    { length: 2100 },
    (_, n) => n % 700 === 0 ? `${n} `.repeat(100_000) : `text ${n}`,
  );
  for (let start = 0; start < texts.length; start += 300) {
    const part = texts.slice(start, start + 300);
    const messages = part.map((content) => ({ chat_id, role: "user", content }));
    assertEquals((await user.client.from("chat_messages").insert(messages)).error, null);
    const hits = part.map((text, n) => ({
      chat_id,
      block_id: `${start + n}`,
      page_number: 1,
      block_text: text.slice(0, 60_000),
    }));
    assertEquals((await user.client.from("search_results").insert(hits)).error, null);
  }
  const { body } = await exportChat(`chat_id=${chat_id}&format=json`);
  const { messages, search_results } = ChatExport.parse(body);
  assertEquals(messages.map(({ content }) => content), texts);
  assertEquals(
    search_results.map(({ block_text }) => block_text),
    texts.map((text) => text.slice(0, 60_000)),
  );
});

Deno.test("names of files that are deleted become names of missing ones", async () => {
  const chat_id = await user.createChat();
  const [gone, kept] = await uploadAll(user, chat_id, [image("gone.png"), image("kept.png", 1)]);
  const [document] = await uploadAll(user, chat_id, [
    { name: "gone.pdf", content_type: "application/pdf", bytes: pdf(), kind: "document" },
  ]);
  const parts = (lost: string, lostDocument: string) => [
    { url: `chat-archive:${lost}/${gone}`, text: `see chat-archive:image/${gone}` },
    [`chat-archive:image/${kept}`, `chat-archive:${lostDocument}/${document}`],
  ];
  await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: "", parts: parts("image", "document") });
  assertEquals((await exportJson(user, chat_id)).messages[0]!.parts, parts("image", "document"));
  await user.client.from("chat_images").delete().eq("id", gone!);
  await user.client.from("chat_documents").delete().eq("id", document!);
  assertEquals((await exportJson(user, chat_id)).messages[0]!.parts, parts("missing", "missing"));
});
