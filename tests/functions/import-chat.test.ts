/** import-chat: an export comes back as an equal chat, or not at all. */
import { crc32, deflateRawSync } from "node:zlib";
import type { ChatExport } from "@shared/contracts/chat-export.ts";
import { IMPORT_LIMITS, ImportChatResponse } from "@shared/contracts/import-chat.ts";
import type { ErrorBody } from "@shared/errors.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { chatsOf } from "../support/accounts.ts";
import { eventually } from "../support/eventually.ts";
import { image, pdf, png, sha256, uploadAll } from "../support/files.ts";
import { essenceOf, exportChat, exportJson, importFile } from "../support/exports.ts";
import { keysBelow, stack } from "../support/stack.ts";
import { assertError, assertField, signUp } from "../support/users.ts";

const user = await signUp();
const encoder = new TextEncoder();

/** A chat with some of everything. */
async function richChat(who = user): Promise<string> {
  const { data: chat } = await who.client.from("chats").insert({
    title: "Отчёт",
    description: "about\nit",
    is_archived: true,
    metadata: { a: [1, null, { b: "ü" }] },
    created_at: "2021-02-03T04:05:06.789012+00:00",
  }).select("id").single();
  const chat_id = chat!.id;
  const { data: messages } = await who.client.from("chat_messages").insert(
    Array.from({ length: 3 }, (_, n) => ({
      chat_id,
      role: n % 2 ? "assistant" : "user",
      content: `text ${n} \u0001 "😀"`,
      message_type: n ? "text" : "note",
      created_at: `2021-02-03T04:05:0${n}.000001+00:00`,
    })),
  ).select("id, seq").order("seq");
  await uploadAll(who, chat_id, [
    image("loose.png", 1),
    { ...image("page 2.png", 2), message_id: messages![1]!.id },
    { ...image("page 2.png", 3), message_id: messages![0]!.id },
    ...["the document.pdf", "another.pdf"].map((name) => ({
      name,
      content_type: "application/pdf",
      bytes: pdf(name),
      kind: "document" as const,
    })),
  ]);
  await who.client.from("chat_images").update({ description: "described", image_type: "crop" })
    .eq("chat_id", chat_id).eq("image_name", "loose.png");
  await who.client.from("search_results").insert(
    [messages![2]!.id, null, messages![0]!.id].map((message_id, n) => ({
      chat_id,
      message_id,
      block_id: `b${n}`,
      page_number: n + 1,
      block_text: n ? `block ${n}` : null,
      score: n ? 0.1 + 0.2 * n : null,
      coords_norm: n ? [0.1, 0.2, 0.30000000000000004, 1] : null,
      coords_px: n ? [[0, 1, 2, 3], [4, 5, 6, 7.5]] : null,
      created_at: "2021-02-03T04:05:06.000001+00:00",
    })),
  );
  return chat_id;
}

/** Imports a bad file, and checks that nothing of it is left. @returns the error */
async function refused(
  body: BodyInit,
  type: string,
  status = 400,
  code: ErrorBody["code"] = "invalid_request",
) {
  const before = await chatsOf(user);
  const error = assertError(await importFile(user, body, type), status, code);
  assertEquals(await chatsOf(user), before, "nothing is left");
  return error;
}

Deno.test("a zip comes back as an equal chat, with its files", async () => {
  const original = await richChat();
  const answer = await importFile(user, await exportChat(user, original, "zip"), "application/zip");
  assertEquals(answer.status, 201, JSON.stringify(answer.body));
  const result = ImportChatResponse.parse(answer.body);
  const { chat_id, ...counts } = result;
  assertEquals(counts, { messages: 3, images: 3, documents: 2, search_results: 3, missing: [] });
  const [before, after] = [await exportJson(user, original), await exportJson(user, chat_id)];
  assertEquals(essenceOf(after), essenceOf(before));
  const ids = (file: ChatExport) =>
    [file.chat, ...file.messages, ...file.documents, ...file.images, ...file.search_results]
      .map(({ id }) => id);
  assertEquals(new Set([...ids(before), ...ids(after)]).size, 24, "all ids are new");
  for (const [n, { link }] of after.images.entries()) {
    assertEquals(await (await fetch(link!.url)).bytes(), image("", n + 1).bytes);
  }
  for (const { name, link } of after.documents) {
    assertEquals(await (await fetch(link!.url)).bytes(), pdf(name));
  }
  assertEquals(await keysBelow(`${user.id}/${chat_id}/incoming/`), []);
});

Deno.test("JSON comes back without files, and names what is missing", async () => {
  const original = await richChat();
  const { status, body } = await importFile(user, await exportChat(user, original, "json"));
  assertEquals(status, 201, JSON.stringify(body));
  const { chat_id, ...counts } = ImportChatResponse.parse(body);
  assertEquals(counts, {
    messages: 3,
    images: 0,
    documents: 0,
    search_results: 3,
    missing: ["the document.pdf", "another.pdf", "loose.png", "page 2.png", "page 2.png"],
  });
  const { images: _, documents: __, ...before } = essenceOf(await exportJson(user, original));
  const { images: ___, documents: ____, ...after } = essenceOf(await exportJson(user, chat_id));
  assertEquals(after, before);
});

Deno.test("another user's export becomes the caller's", async () => {
  const other = await signUp();
  const file = await exportChat(other, await richChat(other), "zip");
  const { body } = await importFile(user, file, "application/zip");
  const { data } = await user.client.from("chat_messages").select("user_id")
    .eq("chat_id", body.chat_id);
  assertEquals(data!.map(({ user_id }) => user_id), [user.id, user.id, user.id]);
});

Deno.test("more rows than a batch, long ones among them, come back in their order", async () => {
  const chat_id = await user.createChat();
  const rows = Array.from({ length: 1300 }, (_, n) => ({
    chat_id,
    role: "user",
    content: n % 400 ? `text ${n}` : `${n} `.repeat(200_000),
  }));
  for (let start = 0; start < rows.length; start += 325) {
    await user.client.from("chat_messages").insert(rows.slice(start, start + 325));
  }
  const { body } = await importFile(user, await exportChat(user, chat_id, "json"));
  assertEquals(body.messages, 1300);
  const { messages } = await exportJson(user, body.chat_id);
  assertEquals(messages.map(({ content }) => content), rows.map(({ content }) => content));
});

const base = await exportJson(user, await richChat());
const clone = () => structuredClone(base);
const json = (file: unknown) => JSON.stringify(file);

// deno-lint-ignore no-explicit-any -- files that are wrong in any way
const damage = (change: (file: any) => void) => {
  const file = clone();
  change(file);
  return json(file);
};

// deno-lint-ignore no-explicit-any -- the same
const parent = (file: any, of: number, to: number) =>
  file.messages[of].parent_id = file.messages[to].id;
// deno-lint-ignore no-explicit-any -- the same
const sameExternalId = (file: any) =>
  [0, 2].forEach((index) => file.messages[index].external_id = "m-1");

const DAMAGED_JSON: [what: string, file: string, place: string][] = [
  ["not JSON", "hello", ""],
  ["an array", "[]", ""],
  ["empty", "", ""],
  ["an object of something else", '{"messages": []}', "messages"],
  ["cut off", json(base).slice(0, -300), "search_results.2"],
  ["cut off between rows", json(base).split('"images":')[0]!, "messages"],
  ["more after the end", `${json(base)}{}`, ""],
  ["a key that stands twice", json(base).replace('"images":', '"messages":'), "messages"],
  ["an unknown key", json({ ...base, more: 1 }), "more"],
  ["without hits", damage((file) => delete file.search_results), "search_results"],
  ["another order", json({ ...{ messages: [] as unknown }, ...base }), "messages"],
  ["another version", damage((file) => file.version = 3), "version"],
  ["another format", damage((file) => file.format = "chatgpt"), "format"],
  ["not an array", damage((file) => file.messages = {}), "messages"],
  ["a message that is no object", damage((file) => file.messages[1] = 7), "messages.1"],
  [
    "a column that is missing",
    damage((file) => delete file.messages[1].content),
    "messages.1.content",
  ],
  ["a column that is unknown", damage((file) => file.messages[1].more = 1), "messages.1.more"],
  ["an id that is none", damage((file) => file.messages[2].id = "x"), "messages.2.id"],
  ["an id twice", damage((f) => f.messages[2].id = f.messages[0].id), "messages.2.id"],
  ["a role that is unknown", damage((file) => file.messages[1].role = "tool"), "messages.1.role"],
  ["a time that is none", damage((f) => f.messages[1].created_at = "now"), "messages.1.created_at"],
  ["a null character", damage((file) => file.messages[1].content = "a\0b"), "messages.1.content"],
  [
    "half a character",
    damage((file) => file.messages[1].content = "\ud800"),
    "messages.1.content",
  ],
  [
    "half a character deep in metadata",
    damage((file) => file.chat.metadata = { a: [1, { b: "\udc00" }] }),
    "chat.metadata.a.1.b",
  ],
  [
    "a null character in the name of a field",
    damage((file) => file.messages[1].metadata = { a: { "b\0": 1 } }),
    "messages.1.metadata.a",
  ],
  [
    "a name without end",
    damage((f) => f.images[0].image_name = "x".repeat(2000)),
    "images.0.image_name",
  ],
  ["a blank title", damage((file) => file.chat.title = " "), "chat.title"],
  ["metadata that is a list", damage((file) => file.chat.metadata = []), "chat.metadata"],
  [
    "a message that is not there",
    damage((file) => file.search_results[1].message_id = crypto.randomUUID()),
    "search_results.1.message_id",
  ],
  ["an empty id of a framework", damage((f) => f.chat.external_id = ""), "chat.external_id"],
  ["an external_id twice", damage(sameExternalId), "messages.2.external_id"],
  ["a status that is unknown", damage((f) => f.messages[1].status = "done"), "messages.1.status"],
  ["parts that are no list", damage((file) => file.messages[1].parts = {}), "messages.1.parts"],
  ["a parent that comes later", damage((f) => parent(f, 0, 1)), "messages.0.parent_id"],
  ["a message that is its own parent", damage((f) => parent(f, 1, 1)), "messages.1.parent_id"],
  [
    "a parent that is not there",
    damage((file) => file.messages[1].parent_id = crypto.randomUUID()),
    "messages.1.parent_id",
  ],
  [
    "parts that name an image that is not there",
    damage((file) => file.messages[1].parts = [{ a: [`chat-archive:image/${file.chat.id}`] }]),
    "messages.1.parts",
  ],
  [
    "parts that name an image as a document",
    damage((f) => f.messages[2].parts = [`chat-archive:document/${f.images[0].id}`]),
    "messages.2.parts",
  ],
  [
    "an image of a document that is not there",
    damage((file) => file.images[1].document_id = crypto.randomUUID()),
    "images.1.document_id",
  ],
  [
    "a hit in a document that is not there",
    damage((file) => file.search_results[1].document_id = crypto.randomUUID()),
    "search_results.1.document_id",
  ],
  [
    "a part of a page without an area",
    damage((file) => file.images[1].coords_norm = [0.5, 0, 0.5, 1]),
    "images.1.coords_norm",
  ],
  ["a document twice", damage((f) => f.documents[1].id = f.documents[0].id), "documents.1.id"],
  ["the document of version 1", damage((file) => file.documents = null), "documents"],
  [
    "a page zero",
    damage((f) => f.search_results[1].page_number = 0),
    "search_results.1.page_number",
  ],
  [
    "a box outside",
    damage((f) => f.search_results[1].coords_norm = [0, 0, 2, 1]),
    "search_results.1.coords_norm",
  ],
  [
    "nested too deeply",
    json(base).replace('"a":[1', `"a":[${"[".repeat(600)}${"]".repeat(600)}`),
    "chat",
  ],
];

for (const [what, file, place] of DAMAGED_JSON) {
  Deno.test(`JSON that is wrong is refused with its place: ${what}`, async () => {
    assertField(await refused(file, "application/json"), place);
  });
}

Deno.test("a row beyond the limit: payload_too_large", async () => {
  const file = damage((file) => file.messages[1].content = "x".repeat(9 * 1024 * 1024));
  assertEquals((await importFile(user, file)).body.code, "payload_too_large");
});

Deno.test("parts that name more files than are kept in mind: payload_too_large", async () => {
  const file = damage((file) =>
    [0, 1, 2].forEach((index) => {
      file.messages[index].parts = Array.from(
        { length: 17_000 },
        () => `chat-archive:image/${crypto.randomUUID()}`,
      );
    })
  );
  const error = await refused(file, "application/json", 413, "payload_too_large");
  assertMatch(error.message, /^messages\.2\.parts: at most 50000 files/);
});

Deno.test("other content types: unsupported_media_type", async () => {
  assertError(await importFile(user, "x", "text/plain"), 415, "unsupported_media_type");
});

// Zips -------------------------------------------------------------------------------------------

interface Part {
  name: string;
  bytes: Uint8Array;
  deflate?: boolean;
  /** Sizes and checksum after the data. */
  descriptor?: boolean;
  flags?: number;
  method?: number;
  crc?: number;
  size?: number;
  unlisted?: boolean;
}

function fields(...list: [number, number][]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [, width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, width] of list) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return bytes;
}

/** Makes a zip as other tools do, or as an attacker does. */
function zip(parts: Part[]): Uint8Array<ArrayBuffer> {
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  const push = (bytes: Uint8Array) => (out.push(bytes), offset += bytes.length);
  for (const part of parts) {
    const name = encoder.encode(part.name);
    const packed = part.deflate ? deflateRawSync(part.bytes) : part.bytes;
    const crc = part.crc ?? crc32(part.bytes);
    const size = part.size ?? part.bytes.length;
    const flags = (part.flags ?? 0) | (part.descriptor ? 8 : 0);
    const method = part.method ?? (part.deflate ? 8 : 0);
    const facts: [number, number][] = [[crc, 4], [packed.length, 4], [size, 4]];
    const common: [number, number][] = [[20, 2], [flags, 2], [method, 2], [0, 4]];
    const start = offset;
    push(fields(
      [0x04034b50, 4],
      ...common,
      ...(part.descriptor ? facts.map(([, width]): [number, number] => [0, width]) : facts),
      [name.length, 2],
      [0, 2],
    ));
    push(name);
    push(packed);
    if (part.descriptor) push(fields([0x08074b50, 4], ...facts));
    if (part.unlisted) continue;
    directory.push(
      fields([0x02014b50, 4], [20, 2], ...common, ...facts, [name.length, 2], [0, 2], [0, 2])
        .slice(),
      fields([0, 2], [0, 2], [0, 4], [start, 4]),
      name,
    );
  }
  const start = offset;
  directory.forEach(push);
  const count = directory.length / 3;
  const size = offset - start;
  push(fields([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [size, 4], [start, 4], [0, 2]));
  const all = new Uint8Array(offset);
  out.reduce((at, bytes) => (all.set(bytes, at), at + bytes.length), 0);
  return all;
}

/** chat.json with one image of which the bytes are told apart. */
const withImage = damage((file) => {
  file.documents = [];
  const { bytes } = image();
  file.images = [{
    ...file.images[0],
    file: "images/a.png",
    file_size: bytes.length,
    sha256: sha256(bytes),
  }];
});
const chatJson: Part = { name: "chat.json", bytes: encoder.encode(withImage), deflate: true };
const picture: Part = { name: "images/a.png", bytes: image().bytes };

Deno.test("zips of other tools: compressed, with descriptors, in a folder, with more in them", async () => {
  const variants: Part[][] = [
    [chatJson, picture],
    [{ ...chatJson, descriptor: true }, { ...picture, deflate: true, descriptor: true }],
    [{ ...chatJson, deflate: false }, { ...picture, deflate: true }],
    [
      { name: "my chat/", bytes: new Uint8Array() },
      { ...chatJson, name: "my chat/chat.json" },
      { name: "__MACOSX/my chat/._chat.json", bytes: encoder.encode("x") },
      { ...picture, name: "my chat/images/a.png" },
    ],
  ];
  for (const parts of variants) {
    const { status, body } = await importFile(user, zip(parts), "application/zip");
    assertEquals(status, 201, JSON.stringify(body));
    assertEquals({ images: body.images, missing: body.missing }, { images: 1, missing: [] });
  }
});

Deno.test("a zip without some of the files names them", async () => {
  const { body } = await importFile(user, zip([chatJson]), "application/zip");
  assertEquals({ images: body.images, missing: body.missing }, {
    images: 0,
    missing: ["loose.png"],
  });
});

Deno.test("files that a zip lacks: names in parts lead nowhere, documents of rows are null", async () => {
  const file = damage((file) => {
    file.documents = [{ ...file.documents[0], file: "documents/a.pdf" }];
    const [{ id: documentId }] = file.documents;
    file.images = file.images.slice(0, 2).map((image: { id: string }, n: number) => ({
      ...image,
      document_id: documentId,
      file: `images/${"ab"[n]}.png`,
      file_size: picture.bytes.length,
      sha256: sha256(picture.bytes),
    }));
    file.messages[0].parts = [
      `chat-archive:document/${documentId}`,
      ...file.images.map(({ id }: { id: string }) => `chat-archive:image/${id}`),
    ];
    file.search_results[0].document_id = documentId;
  });
  const name = { ...chatJson, bytes: encoder.encode(file) };
  const { status, body } = await importFile(user, zip([name, picture]), "application/zip");
  assertEquals(status, 201, JSON.stringify(body));
  const { messages, images, documents, search_results } = await exportJson(user, body.chat_id);
  assertEquals(body.missing, ["the document.pdf", "page 2.png"]);
  assertEquals([body.images, body.documents, documents], [1, 0, []]);
  assertEquals([images[0]!.document_id, search_results[0]!.document_id], [null, null]);
  const { data } = await user.client.from("chat_messages").select("parts")
    .eq("id", messages[0]!.id).single();
  const [document, shown, lost] = data!.parts as string[];
  assertEquals(shown, `chat-archive:image/${images[0]!.id}`);
  assertMatch(document!, /^chat-archive:document\/[0-9a-f-]{36}$/);
  assertMatch(lost!, /^chat-archive:image\/[0-9a-f-]{36}$/);
  for (const { id } of [...base.documents, ...base.images]) {
    assert(!JSON.stringify(data).includes(id), "no name leads to what is not of the chat");
  }
  // What leads nowhere is no obstacle to the next import.
  const again = await importFile(
    user,
    await exportChat(user, body.chat_id, "zip"),
    "application/zip",
  );
  assertEquals(again.status, 201, JSON.stringify(again.body));
});

const whole = zip([chatJson, picture]);
const headerOfPicture = 30 + chatJson.name.length + deflateRawSync(chatJson.bytes).length;
/** The same zip with another byte in it. */
function spoiled(file: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const copy = file.slice();
  copy[at]! ^= 0xff;
  return copy;
}
const DAMAGED_ZIP: [what: string, file: Uint8Array<ArrayBuffer>, place: string][] = [
  ["not a zip", encoder.encode("hello"), ""],
  ["empty", new Uint8Array(), ""],
  ["cut off in a file", whole.slice(0, 200), "chat.json"],
  ["cut off in the directory", whole.slice(0, -40), ""],
  ["cut off in its last byte", whole.slice(0, -1), ""],
  ["more after the end", new Uint8Array([...whole, 0]), ""],
  ["without chat.json", zip([picture]), "chat.json"],
  ["images before chat.json", zip([picture, chatJson]), "images/a.png"],
  ["two chats", zip([chatJson, { ...chatJson, name: "b/chat.json" }]), "b/chat.json"],
  ["a name twice", zip([chatJson, picture, { ...picture, name: "IMAGES/a.png" }]), "IMAGES/a.png"],
  ["a wrong checksum", zip([chatJson, { ...picture, crc: 1 }]), "images/a.png"],
  ["a wrong checksum at the file alone", spoiled(whole, headerOfPicture + 14), "images/a.png"],
  ["a wrong size", zip([chatJson, { ...picture, size: 1 }]), "images/a.png"],
  [
    "a file of another size than promised",
    zip([chatJson, { ...picture, bytes: png(5, 5) }]),
    "images/a.png",
  ],
  ["encrypted", zip([chatJson, { ...picture, flags: 1 }]), "images/a.png"],
  ["an unknown method", zip([chatJson, { ...picture, method: 12 }]), "images/a.png"],
  ["stored without its size", zip([chatJson, { ...picture, descriptor: true }]), "images/a.png"],
  ["not in the directory", zip([chatJson, { ...picture, unlisted: true }]), "images/a.png"],
  ["a path that climbs", zip([chatJson, { ...picture, name: "../a.png" }]), "../a.png"],
  ["a path from the root", zip([chatJson, { ...picture, name: "/a.png" }]), "/a.png"],
  ["a path of Windows", zip([chatJson, { ...picture, name: "..\\a.png" }]), "..\\a.png"],
  [
    "other bytes than those of the hash",
    zip([chatJson, { ...picture, bytes: image("a", 9).bytes }]),
    "images/a.png",
  ],
  [
    "not the image that it claims to be",
    zip([chatJson, { ...picture, bytes: new Uint8Array(image().bytes.length) }]),
    "images/a.png",
  ],
  [
    "deflate that is broken",
    zip([chatJson, { ...picture, method: 8, bytes: new Uint8Array(50).fill(0xff) }]),
    "images/a.png",
  ],
];

for (const [what, file, place] of DAMAGED_ZIP) {
  Deno.test(`a zip that is wrong is refused with its place: ${what}`, async () => {
    assertField(await refused(file, "application/zip"), place);
  });
}

/** Small files that unpack to more than is taken. */
function bombs(): [what: string, file: Uint8Array<ArrayBuffer>, message: RegExp][] {
  const deflated = (name: string, bytes: Uint8Array): Part => ({
    name,
    bytes: deflateRawSync(bytes),
    method: 8,
    crc: crc32(bytes),
    size: bytes.length,
  });
  const blank = new Uint8Array(IMPORT_LIMITS.json + 1).fill(0x20);
  blank[0] = 0x7b;
  const row = damage((file) => file.chat.title = "x".repeat(IMPORT_LIMITS.row.bytes));
  const size = IMPORT_LIMITS.unpacked / 8;
  const filler = deflated("filler", new Uint8Array(size));
  const fillers = Array.from({ length: 8 }, (_, n): Part => ({ ...filler, name: `filler ${n}` }));
  return [
    ["a JSON of blanks", zip([deflated("chat.json", blank)]), /^the JSON: at most/],
    ["one long value", zip([deflated("chat.json", encoder.encode(row))]), /^chat: at most/],
    ["files beside the JSON", zip([chatJson, ...fillers]), /^the zip, unpacked: at most/],
  ];
}

for (const [what, file, message] of bombs()) {
  Deno.test(`a zip bomb is refused with payload_too_large: ${what}`, async () => {
    const error = await refused(file, "application/zip", 413, "payload_too_large");
    assertMatch(error.message, message);
  });
}

/** What the limit counts. */
function elementsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  const keys = Array.isArray(value) ? 0 : 2 * inner.length;
  return inner.reduce(
    (sum, one) => sum + elementsOf(one),
    1 + Math.max(0, inner.length - 1) + keys,
  );
}

Deno.test("elements are counted before anything is built: at the limit, and one above", async () => {
  const filled = (count: number) =>
    damage((file) => file.messages[0].parts = Array<number>(count).fill(1));
  const most = IMPORT_LIMITS.message.elements - elementsOf(JSON.parse(filled(1)).messages[0]) + 1;
  // The database allows fewer, and says so in other words.
  const error = await refused(filled(most), "application/json");
  assertEquals(error.details, [{
    path: ["messages", 0, "parts"],
    message: "a JSON list of at most 1,024 KiB; or null",
  }]);
  const above = await refused(filled(most + 1), "application/json");
  assertMatch(above.message, /^messages\.0: it has more than 600000 elements/);
  const keys = damage((file) => file.messages[0].parts = Array(151_000).fill({ "": 0 }));
  const ofKeys = await refused(keys, "application/json");
  assertMatch(ofKeys.message, /^messages\.0: it has more than 600000 elements/);
});

Deno.test("boxes are counted: at the limit, and one above", async () => {
  const boxes = (count: number) =>
    damage((file) => file.search_results[0]!.coords_norm = Array(count).fill([0, 0, 1, 1]));
  assertEquals((await importFile(user, boxes(1000))).status, 201);
  assertField(await refused(boxes(1001), "application/json"), "search_results.0.coords_norm");
});

Deno.test("a name of a key that nobody has is not repeated in the answer", async () => {
  const error = await refused(
    `{"${"k".repeat(100_000)}":1}`,
    "application/json",
    413,
    "payload_too_large",
  );
  assert(error.message.length < 100, error.message.slice(0, 200));
});

Deno.test("while it is imported, nobody sees the chat", async () => {
  const file = zip([chatJson, picture]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = ReadableStream.from((async function* () {
    yield file.subarray(0, -30);
    await promise;
    yield file.subarray(-30);
  })());
  const before = await user.client.from("chats").select("id", { count: "exact" });
  const importing = importFile(user, body, "application/zip");
  await eventually("a chat is made", async () => await chatsOf(user) !== before.count);
  const during = await user.client.from("chats").select("id", { count: "exact" });
  assertEquals(during.count, before.count);
  resolve();
  assertEquals((await importing).status, 201);
  const after = await user.client.from("chats").select("id", { count: "exact" });
  assertEquals(after.count, before.count! + 1);
});

Deno.test("a sender that goes away leaves nothing", async () => {
  const before = await chatsOf(user);
  const file = zip([chatJson, picture]);
  const gone = new AbortController();
  const body = ReadableStream.from((async function* () {
    yield file.subarray(0, -30);
    await eventually("a chat is made", async () => await chatsOf(user) !== before);
    gone.abort();
    await new Promise(() => {});
  })());
  const sent = fetch(`${stack.FUNCTIONS_URL}/import-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": "application/zip" },
    body,
    signal: gone.signal,
  }).catch((error) => error.name);
  assertMatch(await sent as string, /AbortError/);
  await eventually("the chat is removed", async () => await chatsOf(user) === before);
});
