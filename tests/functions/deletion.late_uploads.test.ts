/** Bytes that come after their chat, image or reservation is gone are swept once their URL is dead. */
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import { delay } from "@shared/async.ts";
import { confirmUpload } from "../../supabase/functions/confirm-upload/handler.ts";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { presignUpload } from "../../supabase/functions/presign-upload/handler.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient, workerClient } from "../support/api_client.ts";
import { openEntriesOf, passTime, runWorker, settleAll } from "../support/deletion.ts";
import { factsOf, image, png, put, reserve, type TestFile } from "../support/files.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

/** Seconds that a short-lived URL lives. */
const EXPIRY = 5;

/** Reserves a file, as a deployment with a short S3_UPLOAD_EXPIRATION does. */
async function reserveShortly(user: User, chat_id: string, file: TestFile) {
  const request = PresignUploadRequest.parse({ chat_id, files: [factsOf(file)] });
  const { body } = await presignUpload(request, {
    db: apiClient(user),
    store: bucket,
    settings: { ...readSettings({ USE_S3_STORAGE: "false" }), uploadExpiration: EXPIRY },
    now: Date.now,
  });
  return body.uploads[0]!;
}

/** Waits until a URL is dead. The bucket counts whole seconds, from when it was signed. */
const untilDead = ({ expires_at }: { expires_at: string }) =>
  delay(Date.parse(expires_at) - Date.now() + 2500);

/** A PUT that has begun, and that ends when it is told to. @returns what sends the rest, for a status */
async function beginPut(
  { url, headers }: { url: string; headers: Record<string, string> },
  bytes: Uint8Array,
): Promise<() => Promise<number>> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const half = Math.floor(bytes.length / 2);
  const head = [
    `PUT ${pathname}${search} HTTP/1.1`,
    `host: ${host}`,
    `content-length: ${bytes.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ].join("\r\n");
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${head}\r\n\r\n`));
  await writer.write(bytes.subarray(0, half));
  return async () => {
    await writer.write(bytes.subarray(half));
    const answer = await new Response(connection.readable).text();
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  };
}

/** Whatever is open waits until an hour after every URL's end. */
async function assertWaiting(user: User) {
  const open = await openEntriesOf(user);
  assert(open.length > 0);
  for (const { due_in, reason } of open) assert(due_in > 3600 - 60, `${reason}: ${due_in} s`);
}

/** Everything is swept, the keys apart that have to stay. */
async function assertSwept(user: User, kept: string[] = []) {
  await assertWaiting(user);
  await settleAll(user);
  assertEquals(await keysBelow(`${user.id}/`), kept);
  assertEquals(await openEntriesOf(user), []);
}

Deno.test("bytes that come late", async (t) => {
  const cases: [string, () => Promise<void>][] = [
    ["after the chat was deleted, with a URL that lives", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const [upload] = await reserve(user, chat_id, [image()]);
      const { status } = await user.call("delete-chat", { chat_id });
      assertEquals([status, await put(upload!, image().bytes)], [200, 200]);
      assertEquals((await keysBelow(`${user.id}/`)).length, 1);
      await assertSwept(user);
    }],
    ["in a PUT that began before the URL's end and the chat's, and ends after both", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const upload = await reserveShortly(user, chat_id, image());
      const finish = await beginPut(upload, image().bytes);
      await user.call("delete-chat", { chat_id });
      await untilDead(upload);
      assertEquals(await put(upload, image().bytes), 403, "the URL is dead");
      assertEquals(await finish(), 200);
      assertEquals((await keysBelow(`${user.id}/`)).length, 1);
      await assertSwept(user);
    }],
    ["after the image was deleted", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const [upload] = await reserve(user, chat_id, [image()]);
      await put(upload!, image().bytes);
      await user.call("confirm-upload", { ids: [upload!.id] });
      await user.client.from("chat_images").delete().eq("id", upload!.id);
      await runWorker();
      assertEquals(await put(upload!, image().bytes), 200);
      await assertSwept(user);
    }],
    ["after the upload was refused", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const wrong = { ...image(), bytes: new Uint8Array(image().bytes.length) };
      const [upload] = await reserve(user, chat_id, [wrong]);
      await put(upload!, wrong.bytes);
      const { body } = await user.call("confirm-upload", { ids: [upload!.id] });
      assertEquals(body.rejected[0].code, "upload_mismatch");
      assertEquals(await put(upload!, wrong.bytes), 200);
      await assertSwept(user);
    }],
    ["twice: what was confirmed stays as it was", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const [upload] = await reserve(user, chat_id, [image()]);
      await put(upload!, image().bytes);
      const { body } = await user.call("confirm-upload", { ids: [upload!.id] });
      const { s3_path } = body.images[0];
      assertEquals(await put(upload!, png(4, 3, 77)), 200);
      await assertSwept(user, [s3_path]);
      const object = await bucket.get(s3_path);
      assertEquals(await new Response(object!.body).bytes(), image().bytes);
    }],
    ["through each of two URLs of one reservation", async () => {
      const user = await signUp();
      const chat_id = await user.createChat();
      const file = { ...image(), id: crypto.randomUUID() };
      const first = await reserveShortly(user, chat_id, file);
      const second = await reserveShortly(user, chat_id, file);
      assertEquals(first.expires_at, second.expires_at, "no later end");
      await user.client.from("chats").delete().eq("id", chat_id);
      for (const upload of [first, second]) await put(upload, file.bytes);
      await assertSweptAfterChat(user);
      await untilDead(first);
      for (const upload of [first, second]) assertEquals(await put(upload, file.bytes), 403);
    }],
    ["and never, for a reservation that nobody used", async () => {
      const user = await signUp();
      await reserve(user, await user.createChat(), [image()]);
      await assertSwept(user);
    }],
  ];
  // Side by side: most of it is waiting.
  await Promise.all(
    cases.map(([name, fn]) =>
      t.step({ name, fn, sanitizeOps: false, sanitizeResources: false, sanitizeExit: false })
    ),
  );
});

/** A chat that was deleted without delete-chat is due at once; the rest waits. */
async function assertSweptAfterChat(user: User) {
  const due = (await openEntriesOf(user)).filter(({ due_in }) => due_in < 3600 - 60);
  assertEquals(due.map(({ reason }) => reason), ["chat_deleted"]);
  await settleAll(user);
  assertEquals([await keysBelow(`${user.id}/`), await openEntriesOf(user)], [[], []]);
}

/** Confirms an upload, and holds its copy back until it is told to go on. */
function slowConfirm(user: User, id: string) {
  const standing = Promise.withResolvers<string>();
  const goOn = Promise.withResolvers<void>();
  const confirmed = confirmUpload({ ids: [id] }, {
    db: apiClient(user),
    admin: workerClient(),
    maxBytes: 1e6,
    store: {
      ...bucket,
      async copy(_, to, contentType) {
        standing.resolve(to);
        await goOn.promise;
        // The bucket has read its source before, and now the copy appears.
        const body = image().bytes;
        await bucket.put({ key: to, body, size: body.length, contentType });
        return true;
      },
    },
  });
  return { standing: standing.promise, goOn: goOn.resolve, confirmed };
}

const ENDS: [string, (user: User, chat_id: string) => Promise<unknown>][] = [
  [
    "its image",
    (user) => asOperator((sql) => sql`delete from chat_images where user_id = ${user.id}`),
  ],
  ["its chat", (user, chat_id) => user.call("delete-chat", { chat_id })],
];

for (const [what, end] of ENDS) {
  Deno.test(`a copy that a slower confirm makes after ${what} was deleted is swept`, async () => {
    const user = await signUp();
    const chat_id = await user.createChat();
    const [upload] = await reserve(user, chat_id, [image()]);
    await put(upload!, image().bytes);
    const slow = slowConfirm(user, upload!.id);
    const key = await slow.standing;
    const { body } = await user.call("confirm-upload", { ids: [upload!.id] });
    assertEquals(body.images.length, 1);
    await end(user, chat_id);
    await runWorker();
    assertEquals(await keysBelow(`${user.id}/${chat_id}/images/`), []);

    slow.goOn();
    assertEquals((await slow.confirmed).body.rejected.map(({ code }) => code), ["not_found"]);
    assertEquals(await keysBelow(key), [key], "the copy came late");
    await assertSwept(user);
  });
}

Deno.test("a copy that appears after its key was swept once goes with the second sweep", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [image()]);
  await put(upload!, image().bytes);
  const slow = slowConfirm(user, upload!.id);
  const key = await slow.standing;
  await passTime(user);
  await runWorker();
  const open = (await openEntriesOf(user)).find(({ target }) => target === key);
  assert(open!.due_in > 23 * 3600, "a day later");
  slow.goOn();
  const { body } = await slow.confirmed;
  assertEquals([body.images, body.rejected[0]?.code], [[], "upload_mismatch"]);
  assertEquals(await keysBelow(key), [key]);
  await assertSwept(user);
});
