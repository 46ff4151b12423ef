/**
 * No function takes more than 128 MiB over what it takes at its start, whatever it is sent: the platform gives
 * 256. In a process of its own; how it is counted stands in tests/support/function_memory.ts, what each took in
 * the output. Memory does not grow with the number of rows: there are as many as fill some pages or batches.
 */
import { zipSync } from "fflate";
import type { ChatExport } from "@shared/contracts/chat-export.ts";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import { assert, assertEquals } from "@std/assert";
import { type ConfiguredStack, startConfiguredStack } from "../support/configured_stack.ts";
import { exportChat, exportJson, importFile } from "../support/exports.ts";
import { type Bytes, image, pdf, png, put, reserve, sha256, uploadAll } from "../support/files.ts";
import { CAN_MEASURE, collected, measuredRuntime, peakIn } from "../support/function_memory.ts";
import { asOperator } from "../support/stack.ts";
import { callEachFunction } from "../support/successes.ts";
import { request, signUp, type User } from "../support/users.ts";

const MIB = 1024 * 1024;
/** Over the start. */
const MOST_BYTES = 128 * MIB;

if (!CAN_MEASURE) console.log("skipped: how much memory functions take (measured on Linux)");

let folder: string;
let stack: ConfiguredStack;
let user: User;
let start: number;

Deno.test.beforeAll(async () => {
  if (!CAN_MEASURE) return;
  folder = await Deno.makeTempDir();
  stack = await startConfiguredStack(
    { RATE_LIMIT_PER_MINUTE: "1000", LOG_LEVEL: "error" },
    await measuredRuntime(folder),
  );
  // All packages are loaded, and all paths have been gone once.
  for await (const _ of callEachFunction(stack.status));
  user = await signUp(stack.status);
  start = await collected(stack);
});
Deno.test.afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  if (folder) await Deno.remove(folder, { recursive: true });
});

/** A test that some work takes little memory. */
function takesLittle(name: string, work: () => Promise<unknown>) {
  Deno.test(name, { ignore: !CAN_MEASURE }, async () => {
    await collected(stack);
    const before = stack.output().length;
    await work();
    await collected(stack);
    const output = stack.output().slice(before);
    const over = peakIn(output) - start;
    console.log(`${(over / MIB).toFixed(0)} MiB over the start`);
    assert(over < MOST_BYTES, `${(over / MIB).toFixed(0)} MiB over the start`);
    assert(!output.includes("the function ended"), "the process lives on");
  });
}

/** Reads an answer to its end, and keeps nothing of it. @returns how many bytes it had */
async function drained(query: string): Promise<number> {
  const response = await fetch(`${stack.status.FUNCTIONS_URL}/export-chat?${query}`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  assertEquals(response.status, 200);
  let size = 0;
  for await (const piece of response.body!) size += piece.length;
  return size;
}

/** Of the largest that there are: some pages of messages and of others, which end at bytes. */
const MESSAGES = 3;
const ITEMS = 30;

/** The largest rows that the database takes: long texts that JSON writes still longer, many elements. */
const largeChat = (of: User) =>
  asOperator(async (sql) => {
    const [chat] = await sql`
      insert into chats (user_id, title, description, metadata)
      values (${of.id}, 'Large', repeat('d', 65536), jsonb_build_object('m', repeat('m', 65000)))
      returning id`;
    const id: string = chat!["id"];
    for (let n = 0; n < MESSAGES; n++) {
      await sql`
        insert into chat_messages (chat_id, user_id, role, content, parts)
        values (${id}, ${of.id}, 'user', repeat(E'\\x01', 1048576),
                (select jsonb_agg(1) from generate_series(1, 340000)))`;
    }
    await sql`
      insert into search_results (chat_id, user_id, block_id, page_number, block_text, coords_norm, metadata)
      select ${id}, ${of.id}, 'b', 1, repeat(E'\\x01', 65536),
             (select jsonb_agg('[0, 0, 1, 1]'::jsonb) from generate_series(1, 1000)),
             jsonb_build_object('m', (select jsonb_agg('[]'::jsonb) from generate_series(1, 16000)))
      from generate_series(1, ${ITEMS})`;
    await sql`
      insert into chat_documents (id, chat_id, user_id, name, s3_path, content_type, file_size, metadata)
      select i, ${id}, ${of.id}, repeat('ü', 512), ${of.id} || '/' || ${id} || '/documents/' || i || '-1.pdf',
             'application/pdf', 1, jsonb_build_object('m', repeat('m', 65000))
      from (select gen_random_uuid() as i from generate_series(1, ${ITEMS})) t`;
    return id;
  });

takesLittle("export-chat: the largest rows", async () => {
  const chat_id = await largeChat(user);
  for (const format of ["markdown", "json", "zip"]) {
    assert(await drained(`chat_id=${chat_id}&format=${format}&images=none`) > MESSAGES * MIB);
  }
  await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
});

takesLittle("export-chat: all chats, with long descriptions and metadata", async () => {
  await asOperator((sql) =>
    sql`insert into chats (user_id, title, description, metadata)
        select ${user.id}, repeat('t', 255), repeat('d', 65536), jsonb_build_object('m', repeat('m', 65000))
        from generate_series(1, 40)`
  );
  assert(await drained("all=true&format=zip") > 2 * MIB);
  await asOperator((sql) => sql`delete from chats where user_id = ${user.id}`);
});

takesLittle("confirm-upload: the largest file", async () => {
  const chat_id = await user.createChat();
  const bytes = pdf("x".repeat(49 * MIB));
  const file = { name: "a.pdf", content_type: "application/pdf", kind: "document" as const, bytes };
  const [upload] = await reserve(user, chat_id, [file]);
  assertEquals(await put(upload!, bytes), 200);
  const { body } = await user.call("confirm-upload", { ids: [upload!.id] });
  assertEquals(body.documents.length, 1);
  await drained(`chat_id=${chat_id}&format=zip`);
});

/** Of a mebibyte each. */
const hundredImages = () =>
  Array.from({ length: 100 }, (_, n) => ({ ...image(`${n}.png`), bytes: png(1000, 1000, n) }));

takesLittle("confirm-upload: a hundred images, by ten requests at once", async () => {
  const files = hundredImages();
  const uploads = await reserve(user, await user.createChat(), files);
  for (const [n, upload] of uploads.entries()) {
    assertEquals(await put(upload, files[n]!.bytes), 200);
  }
  const ids = uploads.map(({ id }) => id);
  const tens = Array.from({ length: 10 }, (_, n) => ids.slice(n * 10, n * 10 + 10));
  const answers = await Promise.all(tens.map((ids) => user.call("confirm-upload", { ids })));
  assertEquals(answers.map(({ body }) => body.images?.length), Array(10).fill(10));
});

takesLittle("export-chat and import-chat: a hundred images, whole and back", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, hundredImages());
  const zip = await exportChat(user, chat_id, "zip", stack.status);
  assert(zip.length > 95 * MIB, `${zip.length}`);
  await imported(zip, "zip", 201);
});

takesLittle("import-chat: the largest file", async () => {
  const file = await smallExport();
  const bytes = pdf("x".repeat(49 * MIB));
  file.documents = [documentOf(file, {
    file_size: bytes.length,
    sha256: sha256(bytes),
    file: "documents/a.pdf",
  })];
  const json = new TextEncoder().encode(JSON.stringify(file));
  await imported(
    zipSync({ "chat.json": json, "documents/a.pdf": [bytes, { level: 0 }] }) as Bytes,
    "zip",
    201,
  );
});

/** What has to be taken for what it is, or refused. */
async function imported(file: BodyInit, type: "json" | "zip", expected: number) {
  const answer = await importFile(user, file, `application/${type}`, stack.status);
  assertEquals(answer.status, expected, JSON.stringify(answer.body).slice(0, 500));
}

/** An export of a chat with one message and one search result. */
async function smallExport() {
  const chat_id = await user.createChat();
  await user.client.from("chat_messages").insert({ chat_id, role: "user", content: "text" });
  await user.client.from("search_results").insert({ chat_id, block_id: "b", page_number: 1 });
  return await exportJson(user, chat_id, stack.status);
}

type ExportedDocument = ChatExport["documents"][number];

/** A document of an export. */
const documentOf = ({ messages: [message] }: ChatExport, facts: Partial<ExportedDocument>) => ({
  id: crypto.randomUUID(),
  chat_id: message!.chat_id,
  user_id: message!.user_id,
  seq: 1,
  name: "a.pdf",
  s3_path: "x",
  content_type: "application/pdf",
  file_size: 1,
  sha256: null,
  page_count: null,
  metadata: {},
  uploaded_at: message!.created_at,
  ...facts,
});

/** Changes an export, and packs it. @param ratio of the packed bytes is what it is about */
const asZip = (text: string | Uint8Array): Bytes =>
  zipSync({ "chat.json": typeof text === "string" ? new TextEncoder().encode(text) : text }, {
    level: 9,
  }) as Bytes;

takesLittle("import-chat: the largest rows", async () => {
  const file = await smallExport();
  const [message] = file.messages;
  const [result] = file.search_results;
  file.messages = Array.from({ length: MESSAGES }, () => ({
    ...message!,
    id: crypto.randomUUID(),
    content: "\u0001".repeat(MIB),
    parts: Array(340_000).fill(1),
  }));
  file.search_results = Array.from({ length: ITEMS }, () => ({
    ...result!,
    id: crypto.randomUUID(),
    block_text: "\u0001".repeat(65536),
    coords_norm: Array(1000).fill([0, 0, 1, 1]),
    metadata: { m: Array(16_000).fill([]) },
  }));
  await imported(asZip(JSON.stringify(file)), "zip", 201);
});

takesLittle("import-chat: as many missing files as there may be, with long names", async () => {
  const file = await smallExport();
  const facts = { name: "😀".repeat(512), metadata: { m: "m".repeat(300) } };
  file.documents = Array.from({ length: 20_000 }, () => documentOf(file, facts));
  await imported(asZip(JSON.stringify(file)), "zip", 201);
});

const keys = (count: number, of: string) =>
  `[{${Array.from({ length: count }, (_, n) => `"${of}${n.toString(36)}":0`).join(",")}}]`;
const nested = (count: number) => `[${`${"[".repeat(490)}${"]".repeat(490)},`.repeat(count)}0]`;
const text = (characters: number) => `"content":"${"ж".repeat(characters)}"`;

/** Hostile texts in the place of a message's parts, each with as much as there is room for. */
const HOSTILE: [what: string, parts: string][] = [
  ["more empty arrays than are let in", `[${"[],".repeat(2_700_000)}[]]`],
  ["empty arrays, as many as are let in", `[${"[],".repeat(299_000)}[]]`],
  ["objects of a key each, as many as are let in", `[${'{"":0},'.repeat(149_000)}0]`],
  ["more keys than are let in", keys(590_000, "")],
  ["keys, as many as are let in", keys(199_000, "ж")],
  ["nested too deep", "[".repeat(4_000_000)],
  ["nested as deep as is let in", nested(1100)],
  ["nested as deep as is let in, and a long text", `${nested(1100)},${text(3_400_000)}`],
  ["a long text that is not Latin", `[],${text(4_000_000)}`],
  ["a long name of a type", `[],"message_type":"${"ж".repeat(4_000_000)}"`],
  ["a long number", "1".repeat(8_000_000)],
  ["escapes", `["${"\\u0001".repeat(1_300_000)}"]`],
];
for (const [what, parts] of HOSTILE) {
  takesLittle(`import-chat: ${what}`, async () => {
    const text = JSON.stringify(await smallExport()).replace(
      '"parts":null',
      () => `"parts":${parts}`,
    );
    const answer = await importFile(user, text, "application/json", stack.status);
    assert([400, 413].includes(answer.status), `${answer.status}`);
  });
}

takesLittle("import-chat: files with long paths and hashes", async () => {
  const file = await smallExport();
  const long = "x".repeat(2_000_000);
  const each: ((n: number) => Partial<ExportedDocument>)[] = [
    (n) => ({ file: `${n}${long}` }),
    (n) => ({ file: `${n}`, sha256: long }),
  ];
  for (const facts of each) {
    const documents = Array.from({ length: 60 }, (_, n) => documentOf(file, facts(n)));
    await imported(asZip(JSON.stringify({ ...file, documents })), "zip", 400);
  }
});

takesLittle("import-chat: a zip that grows a thousand times", async () => {
  const blank = new Uint8Array(IMPORT_LIMITS.json + 1).fill(0x20);
  blank[0] = 0x7b;
  await imported(asZip(blank), "zip", 413);
});

takesLittle("import-chat: as many entries as there may be, with long names", async () => {
  const file = new TextEncoder().encode(JSON.stringify(await smallExport()));
  const entries = Object.fromEntries(
    Array.from(
      { length: IMPORT_LIMITS.entries - 1 },
      (_, n) => [`${n}${"ж".repeat(1000)}`, new Uint8Array(1)],
    ),
  );
  await imported(zipSync({ "chat.json": file, ...entries }) as Bytes, "zip", 201);
});

/** Bodies of a mebibyte, the most that a function reads of JSON. */
const BODIES: string[] = [
  `{"ids":[${"[],".repeat(349_000)}[]]}`,
  `{"files":[${"{},".repeat(349_000)}{}]}`,
  `{${Array.from({ length: 110_000 }, (_, n) => `"${n.toString(36)}":0`).join(",")}}`,
  `{"ids":${"[".repeat(500_000)}${"]".repeat(500_000)}}`,
  `{"chat_id":"${"😀".repeat(250_000)}"}`,
];
// Each alone: on the platform no function shares its memory with another.
for (const { name, access, method } of CONTRACTS) {
  if (method !== "POST" || name === "import-chat") continue;
  takesLittle(`${name}: hostile JSON`, async () => {
    const authorization = access === "user" ? { authorization: `Bearer ${user.token}` } : {};
    const headers = { ...authorization, apikey: stack.status.SECRET_KEY };
    for (const body of BODIES) {
      await collected(stack);
      const { status } = await request(name, {
        method,
        headers: { ...headers, "content-type": "application/json" },
        body,
      }, stack.status);
      assertEquals(status, 400, body.slice(0, 40));
    }
  });
}
