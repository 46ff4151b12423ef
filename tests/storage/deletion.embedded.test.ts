/** The worker empties each kind of bucket, and never takes a missing one for an empty one. */
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { assertEquals } from "@std/assert";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
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
