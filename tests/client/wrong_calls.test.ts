/** A method that is called with what it can't take says which field of the caller's is wrong. */
import { NEEDED, NEEDED_WITHIN } from "@shared/client/call_fault.ts";
import {
  type ArchiveVerbs,
  type ChatArchive,
  connect,
  createChatArchive,
  deleteChat,
  type NewDocument,
  type NewImage,
  type NewMessage,
  type NewSearchResult,
} from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { signUp } from "../support/users.ts";

/** The fields of an object that have to be there: each of them, by the type. */
type Needed<T> = {
  readonly [Field in keyof T as object extends Pick<T, Field> ? never : Field]: true;
};
/** The same for each of the objects that a method may take. */
type OneOf<T> = T extends unknown ? Needed<T> : never;
// The tables hold what the types say.
NEEDED satisfies {
  [Verb in keyof ArchiveVerbs]: readonly OneOf<NonNullable<Parameters<ArchiveVerbs[Verb]>[0]>>[];
};
NEEDED_WITHIN satisfies {
  messages: Needed<NewMessage>;
  search_results: Needed<NewSearchResult>;
  images: Needed<NewImage>;
  document: Needed<NewDocument>;
};

const { client } = await signUp();
const archive = createChatArchive(client);
const { id: chat_id } = await archive.createChat({ title: "A chat" });

const AWAIT = "(is an await missing?)";
const UNDEFINED = `, and is undefined ${AWAIT}`;
const PROMISE = `, and is a promise ${AWAIT}`;
const MISSING = ", and is not given";
const TEXT = "text of at most 1,024 KiB";
const BYTES = "a Blob, an ArrayBuffer or a Uint8Array, not empty";
const TITLE = "1 to 255 characters, not all of them spaces";

/** Method, what it is called with (nothing: without an argument), and what it says. */
const CALLS: [keyof ChatArchive & string, unknown[], string][] = [
  ["createChat", [], `title: ${TITLE}${MISSING}`],
  ["createChat", [null], `title: ${TITLE}${MISSING}`],
  ["createChat", ["My document"], "input: must be an object such as { title }"],
  ["getChat", [], `id: a UUID${MISSING}`],
  ["getChat", [chat_id], "input: must be an object such as { id }"],
  ["getChat", [{ chat_id }], `id: a UUID${MISSING}`],
  ["getChat", [{ id: undefined }], `id: a UUID${UNDEFINED}`],
  [
    "getChat",
    [Promise.resolve({ id: chat_id })],
    `input: must be an object such as { id }${PROMISE}`,
  ],
  ["updateChat", [{ title: "x" }], `id: a UUID${MISSING}`],
  ["archiveChat", [chat_id], "input: must be an object such as { id }"],
  ["archiveChat", [{ id: undefined }], `id: a UUID${UNDEFINED}`],
  ["deleteChat", [chat_id], "input: must be an object such as { id }"],
  ["deleteChat", [{ id: undefined }], `id: a UUID${UNDEFINED}`],
  ["deleteChat", [], `id: a UUID${MISSING}`],
  ["awaitDeletion", [{ id: undefined }], `id: a UUID${UNDEFINED}`],
  [
    "addMessage",
    [{ chat_id: undefined, role: "user", content: "x" }],
    `chat_id: a UUID${UNDEFINED}`,
  ],
  ["addMessage", [{ chat_id, role: "user" }], `content: ${TEXT}${MISSING}`],
  ["addMessage", [{ chat_id, content: "x" }], `role: user or assistant${MISSING}`],
  ["addMessage", [{ chat_id, role: "user", content: undefined }], `content: ${TEXT}${UNDEFINED}`],
  ["addMessages", [{ chat_id }], `messages: a list of objects such as { role, content }${MISSING}`],
  [
    "addMessages",
    [{ chat_id, messages: { role: "user", content: "x" } }],
    "messages: a list of objects such as { role, content }",
  ],
  [
    "addMessages",
    [{ chat_id, messages: [{ role: "user", content: "x" }, { role: "user" }] }],
    `messages.1.content: ${TEXT}${MISSING}`,
  ],
  [
    "addMessages",
    [{ chat_id, messages: ["x"] }],
    "messages.0: must be an object such as { role, content }",
  ],
  [
    "saveMessages",
    [{ chat_id, messages: [{ role: "user" }] }],
    `messages.0.content: ${TEXT}${MISSING}`,
  ],
  ["saveMessages", [], `chat_id: a UUID${MISSING}`],
  ["updateMessage", [{ content: "x" }], `id: a UUID${MISSING}`],
  ["deleteMessages", [{ chat_id }], `ids: a list of UUIDs${MISSING}`],
  ["deleteMessages", [{ chat_id, ids: undefined }], `ids: a list of UUIDs${UNDEFINED}`],
  ["deleteMessages", [{ chat_id, after: undefined }], `after: a seq: a whole number${UNDEFINED}`],
  ["messages", [{}], `chat_id: a UUID${MISSING}`],
  ["messages", [chat_id], "input: must be an object such as { chat_id }"],
  ["messages", [{ chat_id, after: "x" }], "after: a seq: a whole number"],
  ["history", [{}], `chat_id: a UUID${MISSING}`],
  ["history", [], `chat_id: a UUID${MISSING}`],
  ["images", [{ id: chat_id }], `chat_id: a UUID${MISSING}`],
  ["documents", [chat_id], "input: must be an object such as { chat_id }"],
  ["searchResults", [], `chat_id: a UUID${MISSING}`],
  [
    "addSearchResults",
    [{ chat_id, search_results: [{ block_id: "b" }] }],
    `search_results.0.page_number: a whole number from 1 to 2,147,483,647${MISSING}`,
  ],
  ["searchPage", ["x"], "input: must be an object such as { query }"],
  ["searchPage", [{ text: "x" }], `query: at most 1,000 characters${MISSING}`],
  ["search", ["x"], "input: must be an object such as { query }"],
  [
    "searchPage",
    [{ query: "x", kinds: ["chat"] }],
    "kinds: a list of title, document, message, image and search_result",
  ],
  [
    "uploadImages",
    [{ chat_id, images: [{ name: "a.png" }] }],
    `images.0.content: ${BYTES}${MISSING}`,
  ],
  [
    "uploadImages",
    [{ chat_id, images: [{ content: "data:image/png;base64,AAAA" }] }],
    `images.0.content: ${BYTES}`,
  ],
  ["uploadDocument", [{ chat_id }], `document: an object such as { content }${MISSING}`],
  ["uploadDocument", [{ chat_id, document: {} }], `document.content: ${BYTES}${MISSING}`],
  ["attachImages", [{ ids: [chat_id] }], `message_id: a UUID; or null${MISSING}`],
  ["deleteImages", [{ ids: chat_id }], "ids: a list of UUIDs"],
  ["downloadUrls", [{ ids: undefined }], `ids: a list of UUIDs${UNDEFINED}`],
  ["download", [{}], `id: a UUID${MISSING}`],
  ["exportChat", [{ format: "json", images: "none" }], `chat_id: a UUID${MISSING}`],
];

/** What a call says: all that a generator gives is read. */
async function saysOf(archive: ChatArchive, verb: string, args: unknown[]) {
  const call = archive[verb as "usage"] as (...args: unknown[]) => unknown;
  const error = await assertCode(async () => {
    const answer = call(...args);
    if (Symbol.asyncIterator in Object(answer)) {
      await Array.fromAsync(answer as AsyncIterable<unknown>);
    } else await answer;
  }, "invalid_request");
  const [{ path, message }] = error.details as [{ path: string[]; message: string }];
  assertEquals(error.message, `${path.join(".")}: ${message}`);
  return error.message;
}

for (const [verb, args, says] of CALLS) {
  Deno.test(`${verb}(${Deno.inspect(args[0])}) is told: ${says}`, async () => {
    assertEquals(await saysOf(archive, verb, args), says);
  });
}

Deno.test("a device says the same", async () => {
  const away = apiClient({ url: "http://127.0.0.1:1" });
  await using local = createChatArchive(away, { offline: "local" });
  for (const [verb, args, says] of CALLS) assertEquals(await saysOf(local, verb, args), says);
});

Deno.test("a single function says it too", async () => {
  const { message } = await assertCode(
    () => deleteChat(connect(client), { id: undefined } as unknown as { id: string }),
    "invalid_request",
  );
  assertEquals(message, `id: a UUID${UNDEFINED}`);
});

Deno.test("a chat that is not there is still not found", async () => {
  const id = crypto.randomUUID();
  await assertCode(() => archive.getChat({ id }), "not_found");
  await assertCode(
    () => archive.addMessage({ chat_id: id, role: "user", content: "x" }),
    "not_found",
  );
});
