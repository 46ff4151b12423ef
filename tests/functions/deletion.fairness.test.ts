/** Nobody's deletions wait for those of a user who has very many. */
import { StorageCleanupRequest } from "@shared/contracts/storage-cleanup.ts";
import { assert, assertEquals } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { chunked } from "@shared/async.ts";
import {
  cleanup,
  endLeases,
  enqueueKeys,
  entriesOf,
  openEntriesOf,
  runWorker,
} from "../support/deletion.ts";
import { image, store, uploadAll } from "../support/files.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

Deno.test("ten users with one deletion each, beside one with 20,000: done within two runs", async () => {
  const greedy = await signUp();
  await enqueueKeys(greedy, await greedy.createChat(), 20_000);
  const modest = await Promise.all(Array.from({ length: 10 }, () => signUp()));
  for (const user of modest) {
    const chat_id = await user.createChat();
    await uploadAll(user, chat_id, [image()]);
    assertEquals((await user.client.from("chats").delete().eq("id", chat_id)).error, null);
  }
  for (let run = 0; run < 2; run++) assertEquals((await cleanup()).status, 200);
  const open = await openEntriesOf(greedy);
  const { limit } = StorageCleanupRequest.parse({});
  assert(open.length >= 20_000 - 2 * limit && open.length > 0, "the one with many is not done yet");
  for (const user of modest) {
    assertEquals((await openEntriesOf(user)).filter(({ due_in }) => due_in <= 0), []);
    assertEquals(await keysBelow(`${user.id}/`), []);
  }
  await asOperator((sql) =>
    sql`update storage_deletions set done_at = now() where user_id = ${greedy.id}`
  );
});

Deno.test("a claim takes the first of each user, then the second of each", async () => {
  const admin = workerClient();
  const users = await Promise.all(Array.from({ length: 3 }, () => signUp()));
  for (const [n, user] of users.entries()) {
    await enqueueKeys(user, await user.createChat(), [50, 2, 3][n]!);
  }
  const claim = async (max_entries: number) => {
    const { data } = await admin.rpc("claim_storage_deletions", { max_entries, lease_seconds: 60 });
    return data!.map(({ user_id }) => users.findIndex(({ id }) => id === user_id))
      .filter((n) => n >= 0);
  };
  // Others on this stack may have something due, too.
  const claimed = await claim(1000);
  const firsts = claimed.slice(0, 3);
  assertEquals(firsts.toSorted(), [0, 1, 2]);
  assertEquals(claimed.slice(3, 6).toSorted(), [0, 1, 2]);
  assertEquals(claimed.slice(6, 8).toSorted(), [0, 2]);
  assert(claimed.slice(8).every((n) => n === 0));
  assertEquals(await claim(1000), [], "what is leased is nobody else's");

  // Their worker was killed: no attempt, however often.
  for (let round = 0; round < 25; round++) {
    for (const user of users) await endLeases(user);
    assert((await claim(1000)).length > 0);
  }
  for (const user of users) {
    for (const entry of await entriesOf(user)) {
      assertEquals([entry.attempts, entry.dead, entry.leased], [0, false, true]);
    }
    await asOperator((sql) =>
      sql`update storage_deletions set done_at = now() where user_id = ${user.id}`
    );
  }
});

Deno.test("a chat with very many objects takes no more of a run than its limit, and others theirs", async () => {
  const [greedy, modest] = [await signUp(), await signUp()];
  const folder = async (user: typeof greedy) => `${user.id}/${await user.createChat()}/images`;
  const [many, one] = [await folder(greedy), await folder(modest)];
  await Promise.all(Array.from({ length: 150 }, (_, n) => store(`${many}/${n}-1.png`)));
  await store(`${one}/1-1.png`);
  // What others on this stack have due would count, too.
  await runWorker();
  for (const { client, id } of [greedy, modest]) {
    assertEquals((await client.from("chats").delete().eq("user_id", id)).error, null);
  }
  // Pages of ten keys, as of a bucket that gives few at a time.
  const list: typeof bucket.list = async function* (prefix, start) {
    for await (const page of bucket.list(prefix, start)) yield* chunked(page, 10);
  };
  const run = () => runWorker({ list }, { limit: 100 });
  await run();
  const left = (await keysBelow(`${many}/`)).length;
  assert(left >= 50 && left < 70, `${left} are left`);
  assertEquals((await openEntriesOf(greedy)).length, 1);
  assertEquals([await keysBelow(`${one}/`), await openEntriesOf(modest)], [[], []]);
  await run();
  assertEquals([await keysBelow(`${many}/`), await openEntriesOf(greedy)], [[], []]);
});
