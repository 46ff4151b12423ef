/**
 * What a method is called with and can't be: the error says where it stands in the caller's own input,
 * and what is allowed there. At each limit the value is taken, one above it is refused; and a device
 * that works without the server refuses the same.
 */
import { type ChatArchive, createChatArchive, type Message } from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

type Verb = Extract<keyof ChatArchive, string>;

const archive = createChatArchive((await signUp()).client);
const newId = () => crypto.randomUUID();
const { id: chat_id } = await archive.createChat({ title: "A chat" });
const message = await archive.addMessage({ chat_id, role: "user", content: "x" });

/** As jsonb writes it: `{"a": "…"}` has nine bytes besides the text. */
const object = (bytes: number) => ({ a: "x".repeat(bytes - 9) });
/** `["…"]` has four. */
const list = (bytes: number) => ["x".repeat(bytes - 4)];

const KIB = 1024;
const ID = "a UUID";
const TITLE = "1 to 255 characters, not all of them spaces";
const METADATA = "a JSON object of at most 64 KiB";
const EXTERNAL_ID = "1 to 255 characters; or null";
const COUNT = "a whole number from 1 to 2,147,483,647";
const TIME = "a time with an offset, as toISOString gives it";
const BOXES =
  "[left, top, right, bottom], or a list of such boxes, as fractions of the page from 0 " +
  "to 1; or null";
const PIXELS = "[left, top, right, bottom], or a list of such boxes, in pixels from 0; or null";
const PAGE_BOX = "[left, top, right, bottom] with an area, as fractions of the page from 0 to 1";

/** A field, what is taken and refused there, and what is allowed in words. */
type Case = [field: string, taken: unknown[], refused: unknown[], allowed: string];

const CHAT: Case[] = [
  ["title", ["x", "ы😀".repeat(127) + "x"], ["", " \n", "x".repeat(256), null], TITLE],
  [
    "description",
    ["", null, "x".repeat(KIB * KIB)],
    ["x".repeat(KIB * KIB + 1), "ы".repeat(KIB * KIB / 2 + 1)],
    "text of at most 1,024 KiB; or null",
  ],
  ["metadata", [{}, object(64 * KIB)], [object(64 * KIB + 1), [], "x", null], METADATA],
  ["is_archived", [true, false], [null], "true or false"],
];
const NEW_CHAT: Case[] = [
  ...CHAT,
  ["id", [newId(), newId().toUpperCase()], ["x", "", newId() + "0"], ID],
  ["external_id", [null, "x".repeat(255)], ["", "x".repeat(256)], EXTERNAL_ID],
  ["created_at", ["2026-01-02T03:04:05+02:00"], ["2026-01-02", "now", ""], TIME],
];
const SAVED_MESSAGE: Case[] = [
  [
    "content",
    ["", "x".repeat(KIB * KIB)],
    ["x".repeat(KIB * KIB + 1)],
    "text of at most 1,024 KiB",
  ],
  ["message_type", ["", "x".repeat(50)], ["x".repeat(51)], "at most 50 characters"],
  [
    "parts",
    [null, [], list(KIB * KIB)],
    [list(KIB * KIB + 1), {}, "x"],
    "a JSON list of at most 1,024 KiB; or null",
  ],
  ["metadata", [{}, object(64 * KIB)], [object(64 * KIB + 1), [], "x"], METADATA],
  ["status", ["streaming"], ["done", ""], "streaming, complete, incomplete or error"],
];
const NEW_MESSAGE: Case[] = [
  ...SAVED_MESSAGE,
  ["id", [newId()], ["x", 7], ID],
  ["role", ["user", "assistant"], ["system", "", 7], "user or assistant"],
  ["parent_id", [null, message.id], ["x"], `${ID}; or null`],
  ["external_id", [null, "x".repeat(254) + "1"], ["", "x".repeat(256)], EXTERNAL_ID],
  ["created_at", ["2026-01-02T03:04:05.123Z"], ["2026-01-02T03:04:05"], TIME],
];
const SEARCH_RESULT: Case[] = [
  ["id", [newId()], ["x"], ID],
  ["message_id", [null, message.id], ["x"], `${ID}; or null`],
  ["document_id", [null], ["x"], `${ID}; or null`],
  ["block_id", ["", "x".repeat(255)], ["x".repeat(256)], "at most 255 characters"],
  ["page_number", [1, 2 ** 31 - 1], [0, -1, 1.5, 2 ** 31, "one", null], COUNT],
  [
    "block_text",
    ["", "x".repeat(64 * KIB)],
    ["x".repeat(64 * KIB + 1)],
    "text of at most 64 KiB; or null",
  ],
  ["score", [null, -1, 1e308], [Infinity, NaN, "high"], "a finite number; or null"],
  [
    "coords_norm",
    [null, [0, 0, 1, 1], [[0, 0, 0, 0], [0.5, 0, 1, 1]]],
    [[0, 0, 1.5, 1], [0, 0, 1], [], [[]], [[0, 0, 1, 1], [0, 0, -1, 1]], {}, "x"],
    BOXES,
  ],
  ["coords_px", [null, [0, 0, 9e9, 1]], [[-1, 0, 1, 1], [[0, 0, 1, "x"]]], PIXELS],
  ["metadata", [{}], [object(64 * KIB + 1), []], METADATA],
];
const file = (): Case[] => [
  ["id", [newId()], ["x"], ID],
  [
    "name",
    ["x", "x".repeat(512)],
    ["", " ", "x".repeat(513)],
    "1 to 512 characters, not all of them spaces",
  ],
  ["sha256", [], ["x", "A".repeat(64)], "64 lower-case hex digits"],
];
const IMAGE: Case[] = [
  ...file(),
  ["message_id", [message.id], ["x"], ID],
  ["document_id", [], ["x"], ID],
  ["page_number", [1, 2 ** 31 - 1], [0, 1.5, 2 ** 31], COUNT],
  [
    "coords_norm",
    [[0, 0, 1, 1]],
    [[0, 0, 0, 1], [0, 0, 2, 1], [0, 0, 1], [[0, 0, 1, 1]]],
    PAGE_BOX,
  ],
  ["image_type", ["x", "x".repeat(50)], ["", "x".repeat(51)], "1 to 50 characters"],
  ["description", ["", "x".repeat(16_384)], ["x".repeat(16_385)], "at most 16,384 characters"],
];
const DOCUMENT: Case[] = [...file(), ["page_count", [1, 2 ** 31 - 1], [0, 1.5, 2 ** 31], COUNT]];

/** How a method is called with a value in a field, and where that stands in its input. */
interface Method {
  name: Verb;
  cases: Case[];
  path: (string | number)[];
  input(fields: object): object;
}

const content = () => png(2, 2, Math.random() * 256);
const METHODS: Method[] = [
  { name: "createChat", cases: NEW_CHAT, path: [], input: (fields) => ({ title: "x", ...fields }) },
  { name: "updateChat", cases: CHAT, path: [], input: (fields) => ({ id: chat_id, ...fields }) },
  {
    name: "addMessage",
    cases: NEW_MESSAGE,
    path: [],
    input: (fields) => ({ chat_id, role: "user", content: "x", ...fields }),
  },
  {
    name: "addMessages",
    cases: NEW_MESSAGE.map(([field, , ...others]) => [field, [], ...others]),
    path: ["messages", 1],
    input: (fields) => ({
      chat_id,
      messages: [{ role: "user", content: "x" }, { role: "user", content: "x", ...fields }],
    }),
  },
  {
    name: "saveMessages",
    // Null stands for what is not given there.
    cases: NEW_MESSAGE.map(([field, , ...others]) => [field, [], ...others]),
    path: ["messages", 0],
    input: (fields) => ({ chat_id, messages: [{ role: "user", content: "x", ...fields }] }),
  },
  {
    name: "updateMessage",
    cases: SAVED_MESSAGE,
    path: [],
    input: (fields) => ({ id: message.id, ...fields }),
  },
  {
    name: "addSearchResults",
    cases: SEARCH_RESULT,
    path: ["search_results", 0],
    input: (fields) => ({
      chat_id,
      search_results: [{ block_id: "b", page_number: 1, ...fields }],
    }),
  },
  {
    name: "uploadImages",
    cases: IMAGE,
    path: ["images", 1],
    input: (fields) => ({
      chat_id,
      images: [{ content: content() }, { content: content(), ...fields }],
    }),
  },
  {
    name: "uploadDocument",
    cases: DOCUMENT,
    path: ["document"],
    input: (fields) => ({ chat_id, document: { content: pdf(), ...fields } }),
  },
];

async function refuses(
  archive: ChatArchive,
  name: Verb,
  input: object,
  path: (string | number)[],
  allowed: string,
) {
  const call = archive[name] as unknown as (input: object) => Promise<unknown>;
  const error = await assertCode(() => call(input), "invalid_request");
  assertEquals(error.details, [{ path, message: allowed }], error.message);
  assertEquals(error.message, `${path.join(".")}: ${allowed}`);
}

for (const { name, cases, path, input } of METHODS) {
  for (const [field, taken, refused, allowed] of cases) {
    Deno.test(`${name}: ${field} takes what is allowed, and says what that is`, async () => {
      const call = archive[name] as unknown as (input: object) => Promise<unknown>;
      for (const value of taken) await call(input({ [field]: value }));
      for (const value of refused) {
        await refuses(archive, name, input({ [field]: value }), [...path, field], allowed);
      }
    });
  }
}

const IDS: [Verb, object, (string | number)[]][] = [
  ["getChat", { id: "x" }, ["id"]],
  ["updateChat", { id: "x", title: "x" }, ["id"]],
  ["updateMessage", { id: "x", content: "x" }, ["id"]],
  ["addMessage", { chat_id: "x", role: "user", content: "x" }, ["chat_id"]],
  ["addMessages", { chat_id: "x", messages: [{ role: "user", content: "x" }] }, ["chat_id"]],
  ["saveMessages", { chat_id: "x", messages: [] }, ["chat_id"]],
  ["saveMessages", { chat_id, messages: [], replaces: [newId(), "x"] }, ["replaces", 1]],
  ["deleteMessages", { chat_id: "x", after: 1 }, ["chat_id"]],
  ["deleteMessages", { chat_id, ids: [newId(), "x"] }, ["ids", 1]],
  ["addSearchResults", { chat_id: "x", search_results: [{ block_id: "b", page_number: 1 }] }, [
    "chat_id",
  ]],
  ["uploadImages", { chat_id: "x", images: [{ content: content() }] }, ["chat_id"]],
  ["uploadDocument", { chat_id: "x", document: { content: pdf() } }, ["chat_id"]],
  ["attachImages", { message_id: "x", ids: [newId()] }, ["message_id"]],
  ["attachImages", { message_id: null, ids: ["x"] }, ["ids", 0]],
  ["deleteImages", { ids: ["x"] }, ["ids", 0]],
  ["deleteDocument", { id: "x" }, ["id"]],
  ["downloadUrls", { ids: [newId(), "x"] }, ["ids", 1]],
  ["downloadUrls", { chat_id: "x" }, ["chat_id"]],
  ["downloadUrls", { document_of: "x" }, ["document_of"]],
  ["download", { id: "x" }, ["id"]],
  ["exportChat", { chat_id: "x" }, ["chat_id"]],
  ["deleteChat", { id: "x" }, ["id"]],
  ["awaitDeletion", { id: "x" }, ["id"]],
  ["searchPage", { query: "x", chat_id: "x" }, ["chat_id"]],
  ["listChats", { external_id: "" }, ["external_id"]],
].filter(([name]) => name !== "listChats") as [Verb, object, (string | number)[]][];

for (const [name, input, path] of IDS) {
  Deno.test(`${name}: an id that is none is named: ${path.join(".")}`, () =>
    refuses(archive, name, input, path, ID + (path[0] === "message_id" ? "; or null" : "")));
}

for (const name of ["messages", "history", "documents", "images", "searchResults"] as const) {
  Deno.test(`${name}: an id that is none is named: chat_id`, async () => {
    const read = () => Array.fromAsync<unknown>(archive[name]({ chat_id: "x" }));
    const error = await assertCode(read, "invalid_request");
    assertEquals(error.details, [{ path: ["chat_id"], message: ID }]);
  });
}

Deno.test("an empty file is named", async () => {
  const images = [{ content: content() }, { content: new Uint8Array() }];
  const error = await assertCode(
    () =>
      archive.uploadImages({
        chat_id,
        images: images.map((one) => ({ ...one, content_type: "image/png" })),
      }),
    "invalid_request",
  );
  assertEquals(error.message.split(":")[0], "images.1.content");
});

Deno.test("of many files of several requests the right one is named", async () => {
  const images = Array.from({ length: 101 }, () => ({ content: content() }));
  images[100] = { content: content(), content_type: "image/tiff" } as typeof images[number];
  const error = await assertCode(
    () => archive.uploadImages({ chat_id, images }),
    "unsupported_media_type",
  );
  assertEquals(error.message.split(":")[0], "images.100.content_type");
});

Deno.test("an error still says what was saved before it, and which request it was", async () => {
  const good = { id: newId(), role: "user" as const, content: "x".repeat(999_000) };
  const bad = { id: newId(), role: "none" as "user", content: "x".repeat(9_000) };
  const error = await assertCode(
    () => archive.addMessages({ chat_id, messages: [good, bad] }),
    "invalid_request",
  );
  assertEquals([error.saved, error.message], [[good.id], "messages.1.role: user or assistant"]);
  assertEquals(typeof error.requestId, "string");
});

Deno.test("a device refuses the same, and keeps nothing of it", async () => {
  const away = apiClient({ url: "http://127.0.0.1:1" });
  await using local = createChatArchive(away, { offline: "local" });
  const chat = await local.createChat({ title: "Here" });
  const written: Message = await local.addMessage({ chat_id: chat.id, role: "user", content: "x" });
  for (const { name, cases, path, input } of METHODS) {
    for (const [field, , refused, allowed] of cases) {
      for (const value of refused) {
        await refuses(local, name, input({ [field]: value }), [...path, field], allowed);
      }
    }
  }
  assertEquals((await local.listChats()).chats.map(({ id }) => id), [chat.id]);
  assertEquals(await Array.fromAsync(local.messages({ chat_id: chat.id })), [written]);
});
