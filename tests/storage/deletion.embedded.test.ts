/** The worker empties each kind of bucket, and never takes a missing one for an empty one. */
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { MARKER_KEY } from "../../supabase/functions/_shared/bucket_marker.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { storageCleanup } from "../../supabase/functions/storage-cleanup/handler.ts";
import { assertEquals } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { ownBucket } from "../support/buckets/own_bucket.ts";
import { startConfiguredStack } from "../support/configured_stack.ts";
import { cleanup, entriesOf, openEntriesOf, passTime, runWorker } from "../support/deletion.ts";
import { pdf, put, reserve } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { exported } from "../support/storage_command.ts";
import { signUp } from "../support/users.ts";

const bytes = new Uint8Array(10);

/** A user with two chats, each with three objects in a bucket that no row names. */
async function userWithObjects(store: ReturnType<typeof openBucket>) {
  const user = await signUp();
  const [gone, kept] = [await user.createChat(), await user.createChat()];
  const prefixes = [gone, kept].map((chat) => `${user.id}/${chat}/`) as [string, string];
  for (const prefix of prefixes) {
    for (const name of ["a", "b", "c"]) {
      const key = `${prefix}images/${name}.png`;
      await store.put({ key, body: bytes, size: bytes.length, contentType: "image/png" });
    }
  }
  await asOperator((sql) => sql`delete from chats where id = ${gone}`);
  await passTime(user);
  return { user, prefixes };
}

testOnEachBucket(
  "the worker empties the prefix of a deleted chat, and no other",
  async ({ settings }) => {
    const store = openBucket(settings);
    const { user, prefixes: [gone, kept] } = await userWithObjects(store);
    await runWorker({ list: store.list, deleteMany: store.deleteMany });
    assertEquals([(await keysBelow(gone, store)).length, (await keysBelow(kept, store)).length], [
      0,
      3,
    ]);
    const [entry] = (await entriesOf(user)).filter(({ reason }) => reason === "chat_deleted");
    assertEquals([entry!.done, entry!.objects_deleted], [true, 3]);
    assertEquals(await store.deleteMany(await keysBelow(kept, store)), []);
  },
  knownBuckets,
);

testOnEachBucket("where the bucket is missing, nothing counts as deleted", async ({ settings }) => {
  const store = openBucket(settings);
  const missing = openBucket({ ...settings, bucket: "not-there" });
  const { user, prefixes: [gone, kept] } = await userWithObjects(store);
  await runWorker({ list: missing.list, deleteMany: missing.deleteMany });
  const [entry] = (await openEntriesOf(user)).filter(({ reason }) => reason === "chat_deleted");
  assertEquals([entry!.done, entry!.objects_deleted, entry!.attempts], [false, 0, 1]);
  await passTime(user);
  await runWorker({ list: store.list, deleteMany: store.deleteMany });
  assertEquals(await keysBelow(gone, store), []);
  assertEquals(await store.deleteMany(await keysBelow(kept, store)), []);
}, knownBuckets);

testOnEachBucket(
  "functions on this bucket: a document goes up, comes down, and goes with its chat",
  async ({ settings }) => {
    await using own = await startConfiguredStack(exported({ ...settings }));
    // The database has deleted in the shared stack's bucket before.
    await cleanup({ accept_restore: "apply" }, own.status);
    const user = await signUp(own.status);
    const chat_id = await user.createChat();
    const file = {
      name: "a.pdf",
      content_type: "application/pdf",
      kind: "document",
      bytes: pdf(),
    } as const;
    const [upload] = await reserve(user, chat_id, [file]);
    assertEquals(await put(upload!, file.bytes), 200);
    const confirmed = await user.call("confirm-upload", { ids: [upload!.id] });
    assertEquals([confirmed.status, confirmed.body.documents.length], [200, 1]);
    const { body: { downloads } } = await user.call("presign-download", { document_of: chat_id });
    assertEquals(await (await fetch(downloads[0].url)).bytes(), file.bytes);

    const store = openBucket(settings);
    assertEquals((await user.call("delete-chat", { chat_id })).body.deletions[0].status, "done");
    await passTime(user);
    await cleanup({}, own.status);
    assertEquals(await keysBelow(`${user.id}/`, store), []);
  },
  knownBuckets,
);

testOnEachBucket(
  "a bucket that keeps versions: all go with the chat, and the receipt counts each object once",
  async ({ settings }) => {
    await using own = await ownBucket(settings);
    const store = openBucket({ ...settings, bucket: own.bucket });
    await own.become("Enabled");
    const { user, prefixes: [gone, kept] } = await userWithObjects(store);
    // Written twice; and one that a plain delete has hidden.
    await store.put({
      key: `${gone}images/a.png`,
      body: bytes,
      size: 10,
      contentType: "image/png",
    });
    await own.client.send(
      new DeleteObjectCommand({ Bucket: own.bucket, Key: `${gone}images/b.png` }),
    );
    const { body: { bucket } } = await runWorker(store);
    assertEquals(bucket, "restored", "nobody has used this bucket yet");
    await storageCleanup({ limit: 1, accept_restore: "apply" }, {
      admin: workerClient(),
      store,
      settings: { messageStreamTimeout: 900 },
      log: () => {},
      budget: 1000,
      project: "",
      contentType: "application/pdf",
    });
    await runWorker(store);
    const [entry] = (await entriesOf(user)).filter(({ reason }) => reason === "chat_deleted");
    assertEquals([entry!.done, entry!.objects_deleted], [true, 3]);
    const left = (await own.list()).map(({ key }) => key);
    const names = ["a", "b", "c"].map((name) => `${kept}images/${name}.png`);
    assertEquals(left, [...names, MARKER_KEY].toSorted());
  },
  knownBuckets.filter(({ kind }) => kind === "ceph"),
);
