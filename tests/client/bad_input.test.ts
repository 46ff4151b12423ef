/** What the database refuses comes through the library with its code and its field. */
import {
  type Box,
  createChatArchive,
  type NewImage,
  type NewMessage,
  type NewSearchResult,
} from "@shared/client/mod.ts";
import type { ErrorCode } from "@shared/errors.ts";
import { assertEquals } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const archive = createChatArchive((await signUp()).client);
const newId = () => crypto.randomUUID();

/** A chat with a message, an image and a document. */
async function filled(title: string) {
  const { id: chat_id } = await archive.createChat({ title });
  const message = await archive.addMessage({
    chat_id,
    role: "user",
    content: "x",
    external_id: "taken",
  });
  const [image] = await archive.uploadImages({ chat_id, images: [{ content: png(2, 2) }] });
  const document = await archive.uploadDocument({ chat_id, document: { content: pdf() } });
  return { chat_id, message, image: image!, document };
}

const mine = await filled("Mine");
const other = await filled("Another chat");
const { chat_id } = mine;

async function assertRefused(work: () => Promise<unknown>, code: ErrorCode, field: string) {
  const error = await assertCode(work, code);
  assertEquals(error.details?.[0]?.path.at(-1), field, error.message);
}

const MESSAGES: [string, Partial<NewMessage>, ErrorCode, string][] = [
  ["an unknown role", { role: "system" as "user" }, "invalid_request", "role"],
  ["an unknown status", { status: "done" as "complete" }, "invalid_request", "status"],
  ["parts over 1 MiB", { parts: ["x".repeat(1024 * 1024)] }, "invalid_request", "parts"],
  ["parts that are no list", { parts: { a: 1 } as unknown as [] }, "invalid_request", "parts"],
  ["metadata over 64 KiB", { metadata: { a: "x".repeat(65_536) } }, "invalid_request", "metadata"],
  [
    "an image of another chat",
    {
      parts: [{ url: `chat-archive:image/${other.image.id}` }],
    },
    "not_found",
    "parts",
  ],
  [
    "a document of another chat",
    {
      parts: [`chat-archive:document/${other.document.id}`],
    },
    "not_found",
    "parts",
  ],
  ["an image that is none", { parts: [`chat-archive:image/${newId()}`] }, "not_found", "parts"],
  ["a parent of another chat", { parent_id: other.message.id }, "not_found", "parent_id"],
  ["a parent that is none", { parent_id: newId() }, "not_found", "parent_id"],
  ["an external_id that is taken", { external_id: "taken" }, "conflict", "external_id"],
  ["an empty external_id", { external_id: "" }, "invalid_request", "external_id"],
];

for (const [what, fields, code, field] of MESSAGES) {
  Deno.test(`a message with ${what} is refused, and the field named`, async () => {
    const message: NewMessage = { id: newId(), role: "user", content: "x", ...fields };
    await assertRefused(() => archive.addMessage({ chat_id, ...message }), code, field);
    await assertRefused(() => archive.saveMessages({ chat_id, messages: [message] }), code, field);
    if (field === "parts") {
      const { id } = mine.message;
      const parts = fields.parts!;
      await assertRefused(() => archive.updateMessage({ id, parts }), code, field);
    }
    assertEquals(await Array.fromAsync(archive.messages({ chat_id })), [mine.message]);
  });
}

Deno.test("a parent that comes later, or is the message itself, is refused", async () => {
  const [child, parent] = [newId(), newId()];
  const messages: NewMessage[] = [
    { id: child, role: "user", content: "x", parent_id: parent },
    { id: parent, role: "user", content: "x" },
  ];
  const self: NewMessage = { id: child, role: "user", content: "x", parent_id: child };
  for (const verb of [archive.addMessages, archive.saveMessages]) {
    await assertRefused(() => verb({ chat_id, messages }), "not_found", "parent_id");
    await assertRefused(() => verb({ chat_id, messages: [self] }), "not_found", "parent_id");
  }
  assertEquals(await Array.fromAsync(archive.messages({ chat_id })), [mine.message]);
});

const box = (...coordinates: number[]) => coordinates as Box;

const SEARCH_RESULTS: [string, Partial<NewSearchResult>, ErrorCode, string][] = [
  ["a box outside 0–1", { coords_norm: box(0, 0, 1.5, 1) }, "invalid_request", "coords_norm"],
  ["a box of three", { coords_norm: box(0, 0, 1) }, "invalid_request", "coords_norm"],
  [
    "a negative pixel",
    { coords_px: [box(0, 0, 9, 9), box(-1, 0, 1, 1)] },
    "invalid_request",
    "coords_px",
  ],
  ["page 0", { page_number: 0 }, "invalid_request", "page_number"],
  ["a document of another chat", { document_id: other.document.id }, "not_found", "document_id"],
  ["a message of another chat", { message_id: other.message.id }, "not_found", "message_id"],
  ["text over 64 KiB", { block_text: "x".repeat(65_537) }, "invalid_request", "block_text"],
];

for (const [what, fields, code, field] of SEARCH_RESULTS) {
  Deno.test(`a search result with ${what} is refused, and the field named`, () =>
    assertRefused(
      () =>
        archive.addSearchResults({
          chat_id,
          search_results: [{ block_id: "b", page_number: 1, ...fields }],
        }),
      code,
      field,
    ));
}

const IMAGES: [string, Partial<NewImage>, ErrorCode, string][] = [
  ["a box outside 0–1", { coords_norm: box(0, 0, 1.5, 1) }, "invalid_request", "coords_norm"],
  ["a box without area", { coords_norm: box(0.5, 0, 0.5, 1) }, "invalid_request", "coords_norm"],
  ["page 0", { page_number: 0 }, "invalid_request", "page_number"],
  ["a document of another chat", { document_id: other.document.id }, "not_found", "document_id"],
  ["a message of another chat", { message_id: other.message.id }, "not_found", "message_id"],
];

for (const [what, fields, code, field] of IMAGES) {
  Deno.test(`an image with ${what} is refused, and the field named`, async () => {
    const images = [{ content: png(2, 2), ...fields }];
    const error = await assertCode(() => archive.uploadImages({ chat_id, images }), code);
    assertEquals(String(error.details?.[0]?.path.at(-1)), field, error.message);
  });
}

Deno.test("an external_id that another chat of the user has is refused", async () => {
  const external_id = newId();
  await archive.createChat({ title: "First", external_id });
  await assertRefused(
    () => archive.createChat({ title: "x", external_id }),
    "conflict",
    "external_id",
  );
});
