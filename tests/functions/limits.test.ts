/** The limits of requests: at each it is taken, one above it is refused. Quotas and rates have their own. */
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import {
  CHATS_PER_REQUEST,
  DOWNLOADS_PER_REQUEST,
  FILES_PER_REQUEST,
  MAX_ROWS,
} from "@shared/limits.ts";
import { assertEquals } from "@std/assert";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { factsOf, image } from "../support/files.ts";
import { assertError, assertField, request, signUp } from "../support/users.ts";

const user = await signUp();
const chat_id = await user.createChat();
const file = factsOf(image());
const newIds = (length: number) => Array.from({ length }, () => crypto.randomUUID());

const LISTS: [name: string, field: string, most: number, body: (count: number) => object][] = [
  [
    "presign-upload",
    "files",
    FILES_PER_REQUEST,
    (count) => ({ chat_id, files: Array(count).fill(file) }),
  ],
  ["confirm-upload", "ids", FILES_PER_REQUEST, (count) => ({ ids: newIds(count) })],
  ["presign-download", "ids", DOWNLOADS_PER_REQUEST, (count) => ({ ids: newIds(count) })],
  ["delete-chat", "chat_ids", CHATS_PER_REQUEST, (count) => ({ chat_ids: newIds(count) })],
];

for (const [name, field, most, body] of LISTS) {
  Deno.test(`${name}: ${most} ${field}, none, and one more`, async () => {
    // Ids that name nothing are not found; what is reserved is.
    const { status } = await user.call(name, body(most));
    assertEquals(status, name === "presign-upload" ? 201 : name === "presign-download" ? 200 : 404);
    for (const count of [0, most + 1]) {
      const error = assertError(await user.call(name, body(count)), 400, "invalid_request");
      assertField(error, field);
    }
  });
}

for (const { name, method, access, accepts } of CONTRACTS) {
  if (method !== "POST" || access !== "user" || accepts) continue;
  Deno.test(`${name}: a body of 1 MiB, and one byte more`, async () => {
    const post = (bytes: number) =>
      request(name, {
        method: "POST",
        headers: { authorization: `Bearer ${user.token}`, "content-type": "application/json" },
        body: JSON.stringify({ x: "x".repeat(bytes - 8) }),
      });
    assertField(assertError(await post(1024 * 1024), 400, "invalid_request"), "x");
    assertError(await post(1024 * 1024 + 1), 413, "payload_too_large");
  });
}

Deno.test("a file of MAX_FILE_SIZE_MB, and one byte more", async () => {
  const { maxFileSize } = readSettings({
    S3_BUCKET: "bucket",
    S3_ACCESS_KEY: "k",
    S3_SECRET_KEY: "s",
  });
  const reserve = (size: number) =>
    user.call("presign-upload", { chat_id, files: [{ ...file, size }] });
  assertEquals((await reserve(maxFileSize)).status, 201);
  const error = assertError(await reserve(maxFileSize + 1), 413, "payload_too_large");
  assertField(error, "files.0.size");
});

Deno.test("a saved list of 1,000 messages, and one more", async () => {
  const list = (length: number) => newIds(length).map((id) => ({ id, role: "user", content: "x" }));
  const save = (messages: number, replaces: number) =>
    user.client.rpc("save_messages", {
      of_chat: chat_id,
      messages: list(messages),
      replaces: newIds(replaces),
    });
  const { data } = await save(MAX_ROWS, MAX_ROWS);
  assertEquals(data?.length, MAX_ROWS);
  assertEquals((await save(MAX_ROWS + 1, 0)).error?.message, "messages: a list of at most 1000");
  assertEquals((await save(1, MAX_ROWS + 1)).error?.message, "replaces: at most 1000 ids");
});

Deno.test("one deletion of messages takes 1,000 at most, whatever is asked for", async () => {
  const of_chat = await user.createChat();
  const messages = newIds(MAX_ROWS).map((id) => ({ id, role: "user", content: "x" }));
  await user.client.rpc("save_messages", { of_chat, messages });
  await user.client.from("chat_messages").insert({ chat_id: of_chat, role: "user", content: "x" });
  const remove = async () =>
    (await user.client.rpc("delete_messages", { of_chat, after_seq: 0, max_rows: 9999 })).data
      ?.length;
  assertEquals([await remove(), await remove(), await remove()], [MAX_ROWS, 1, 0]);
});
