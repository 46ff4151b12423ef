/**
 * The functions, over HTTP, on the oldest runtime that the platform may give them. The essential paths
 * only: `deno task test --oldest tests/functions` runs all there are.
 */
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { strFromU8, unzipSync, zipSync } from "fflate";
import { assert, assertEquals } from "@std/assert";
import { chatsOf } from "../support/accounts.ts";
import { type ConfiguredStack, startConfiguredStack } from "../support/configured_stack.ts";
import { eventually } from "../support/eventually.ts";
import { essenceOf, exportChat, importFile } from "../support/exports.ts";
import { type Bytes, image, pdf, sha256, uploadAll } from "../support/files.ts";
import { OLDEST_DENO, oldestRuntime } from "../support/oldest_runtime.ts";
import { callEachFunction } from "../support/successes.ts";
import { assertError, assertField, request, signUp, type User } from "../support/users.ts";

const runtime = await oldestRuntime();
if (!runtime) {
  console.log(`skipped: the functions on Deno ${OLDEST_DENO} (it could not be downloaded)`);
}

let running: ConfiguredStack;
/** A test of the functions there. */
function onOldest(name: string, work: (stack: ConfiguredStack) => Promise<void>) {
  Deno.test(name, { ignore: !runtime }, () => work(running));
}

Deno.test.beforeAll(async () => {
  if (runtime) running = await startConfiguredStack({}, runtime);
});
Deno.test.afterAll(async () => await running?.[Symbol.asyncDispose]());

/** A PDF that is too large to be held in memory whole. */
const largePdf = (): Bytes => pdf(`large ${"x".repeat(9 * 1024 * 1024)}`);

/** A chat of several pages, with a small image and a large document. */
async function largeChat(user: User): Promise<string> {
  const chat_id = await user.createChat("Отчёт");
  const rows = Array.from({ length: 400 }, (_, n) => ({
    chat_id,
    role: n % 2 ? "assistant" : "user",
    content: `message ${n} 😀 ${"long ".repeat(1000)}`,
  }));
  const { error } = await user.client.from("chat_messages").insert(rows);
  assertEquals(error, null);
  await uploadAll(user, chat_id, [
    image("small.png"),
    { name: "large.pdf", content_type: "application/pdf", kind: "document", bytes: largePdf() },
  ]);
  return chat_id;
}

onOldest("each function answers", async ({ status }) => {
  const seen: string[] = [];
  for await (const [name, answer] of callEachFunction(status)) {
    assert(answer.status < 300, `${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    seen.push(name);
  }
  assertEquals(seen.toSorted(), CONTRACTS.map(({ name }) => name).toSorted());
});

onOldest("each function refuses in the same shape", async ({ status }) => {
  const user = await signUp(status);
  for (const { name, method, access } of CONTRACTS) {
    if (access !== "none") {
      const body = method === "POST" ? "{}" : null;
      assertError(await request(name, { method, body }, status), 401, "unauthorized");
    }
    const authorization = access === "user" ? { authorization: `Bearer ${user.token}` } : {};
    const headers = { ...authorization, apikey: status.SECRET_KEY };
    const wrong = await request(name, { method: "PUT", headers, body: "{}" }, status);
    assertError(wrong, 405, "method_not_allowed");
  }
  const answer = await user.call("presign-upload", { nonsense: 1 });
  assertField(assertError(answer, 400, "invalid_request"), "nonsense");
  assertError(await user.call("delete-chat", { chat_id: crypto.randomUUID() }), 404, "not_found");
});

onOldest(
  "a zip goes out and comes in again, packed as here and as by other tools",
  async ({ status }) => {
    const user = await signUp(status);
    const exported = await exportChat(user, await largeChat(user), "zip", status);
    const files = unzipSync(exported);
    const read = (bytes: Uint8Array | undefined) => essenceOf(JSON.parse(strFromU8(bytes!)));
    assertEquals(sha256(files["documents/large.pdf"]!), sha256(largePdf()));
    for (const zip of [exported, zipSync(files, { level: 6 }) as Bytes]) {
      const answer = await importFile(user, zip, "application/zip", status);
      assertEquals(answer.status, 201, JSON.stringify(answer.body));
      const { messages, images, documents, missing } = answer.body;
      assertEquals({ messages, images, documents, missing }, {
        messages: 400,
        images: 1,
        documents: 1,
        missing: [],
      });
      const again = unzipSync(await exportChat(user, answer.body.chat_id, "zip", status));
      assertEquals(read(again["chat.json"]), read(files["chat.json"]));
      assertEquals(sha256(again["documents/large.pdf"]!), sha256(largePdf()));
    }
  },
);

onOldest("a deleted chat is gone with all of its bytes", async ({ status }) => {
  const user = await signUp(status);
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("a.png", 1), image("b.png", 2)]);
  const answer = await user.call("delete-chat", { chat_id });
  const [{ objects_deleted, objects_pending }] = answer.body.deletions;
  assertEquals([answer.status, objects_deleted, objects_pending], [200, 2, 0]);
});

onOldest("a zip that is cut or damaged is refused, and leaves nothing", async ({ status }) => {
  const user = await signUp(status);
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image()]);
  const packed = zipSync(unzipSync(await exportChat(user, chat_id, "zip", status)), { level: 6 });
  const damaged = packed.slice();
  damaged[60]! ^= 0xff;
  for (const zip of [packed.slice(0, 200), packed.slice(0, -10), damaged, new Uint8Array(100)]) {
    const answer = await importFile(user, zip as Bytes, "application/zip", status);
    assertError(answer, 400, "invalid_request");
  }
  assertEquals(await chatsOf(user), 1);
});

onOldest("a reader that leaves ends the export", async ({ status, output }) => {
  const user = await signUp(status);
  const chat_id = await largeChat(user);
  for (const format of ["json", "markdown", "zip"]) {
    const id = crypto.randomUUID();
    const leaving = new AbortController();
    const response = await fetch(
      `${status.FUNCTIONS_URL}/export-chat?chat_id=${chat_id}&format=${format}`,
      {
        headers: { authorization: `Bearer ${user.token}`, "x-request-id": id },
        signal: leaving.signal,
      },
    );
    assertEquals(response.status, 200);
    await response.body!.getReader().read();
    leaving.abort();
    const line = await eventually(
      `the log line of ${format}`,
      () => output().split("\n").find((one) => one.includes(id) && one.includes('"outcome"')),
    );
    assertEquals(JSON.parse(line).outcome, "cancelled", line);
  }
});

onOldest("a sender that leaves leaves nothing of its import", async ({ status }) => {
  const user = await signUp(status);
  const exported = await exportChat(user, await largeChat(user), "zip", status);
  // All rows, and a part of the document.
  const most = exported.slice(0, -1024 * 1024);
  let leave = () => {};
  const body = new ReadableStream<Bytes>({
    start(controller) {
      controller.enqueue(most);
      leave = () => controller.error(new Error("gone"));
    },
  });
  const sending = fetch(`${status.FUNCTIONS_URL}/import-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": "application/zip" },
    body,
  });
  await eventually("the import has begun", async () => await chatsOf(user) === 2);
  leave();
  await sending.then((response) => response.body?.cancel(), () => {});
  await eventually("nothing of it is left", async () => await chatsOf(user) === 1);
});
