/** Where nobody answers, or somebody else does, the error names the address. */
import { type ChatArchive, createChatArchive } from "@shared/client/mod.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { png } from "../support/files.ts";
import { stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const { token } = user;
const id = crypto.randomUUID();

/** A read by the API, a write, and a function. */
const CALLS: ((archive: ChatArchive) => Promise<unknown>)[] = [
  (archive) => archive.listChats(),
  (archive) => archive.getChat({ id }),
  (archive) => archive.createChat({ title: "x" }),
  (archive) => Array.fromAsync(archive.history({ chat_id: id })),
  (archive) => archive.usage(),
  (archive) => archive.deleteChat({ id }),
  (archive) => archive.downloadUrls({ chat_id: id }),
];

async function eachSays(url: string, expected: RegExp) {
  const archive = createChatArchive(apiClient({ url, token }), { attempts: 1 });
  for (const call of CALLS) {
    const error = await assertCode(() => call(archive), "database_unavailable");
    assertMatch(error.message, expected, String(call));
    assertEquals(error.message.includes(`at ${url}:`), true, error.message);
  }
}

Deno.test("where nobody answers, the error asks whether the stack runs", async () => {
  await eachSays("http://127.0.0.1:1", /can't be reached at .*: does it run there\?$/);
});

Deno.test("an address with a path too many is named", async () => {
  await eachSays(`${stack.API_URL}/rest/v1`, /no Supabase API answers at/);
});

const ANSWERS: [string, () => Response][] = [
  ["a page", () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })],
  ["a page that says 404", () => new Response("<!doctype html>", { status: 404 })],
  ["a 404 in JSON", () => Response.json({ error: "no such page" }, { status: 404 })],
  ["a 404 in JSON with a number", () => Response.json({ code: 404 }, { status: 404 })],
];
for (const [what, answer] of ANSWERS) {
  Deno.test(`another server is told by ${what}`, async () => {
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
    await eachSays(`http://127.0.0.1:${server.addr.port}`, /no Supabase API answers at/);
  });
}

Deno.test("a bucket that can't be reached is not said to be at the API's address", async () => {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) =>
    `${input instanceof Request ? input.url : input}`.includes("X-Amz-Signature")
      ? Promise.reject(new TypeError("refused"))
      : fetch(input, init);
  try {
    const archive = createChatArchive(user.client, { attempts: 1 });
    const chat_id = await user.createChat();
    const images = [{ name: "a.png", content: png(1, 1) }];
    const upload = () => archive.uploadImages({ chat_id, images });
    const { message } = await assertCode(upload, "storage_unavailable");
    assertMatch(message, /the bucket can't be reached$/);
  } finally {
    globalThis.fetch = fetch;
  }
});
