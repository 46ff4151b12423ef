/** A deletion takes what is its own, whoever races it, and whatever stands in the rows. */
import postgres from "postgres";
import { delay } from "@shared/async.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  cleanup,
  endLeases,
  entriesOf,
  openEntriesOf,
  runWorker,
  settleAll,
} from "../support/deletion.ts";
import { eventually } from "../support/eventually.ts";
import { image, store, uploadAll } from "../support/files.ts";
import { asOperator, bucket, keysBelow, stack } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

// What other tests left due is not part of what these count.
await cleanup();

const user = await signUp();
const other = await signUp();

const create = async (id: string, owner = user) =>
  (await owner.client.from("chats").insert({ id, title: "Again" })).error?.code;

Deno.test("a create that races an open delete waits, and is refused", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image()]);
  for (const isolation of ["read committed", "serializable"]) {
    const sql = postgres(stack.DB_URL, { max: 1, onnotice: () => {} });
    let created: Promise<string | undefined> | undefined;
    let answered = false;
    try {
      const taken = new Error("taken back");
      // Once taken back, once committed.
      await sql.begin(`isolation level ${isolation}`, async (tx) => {
        await tx`delete from chats where id = ${chat_id}`;
        created = create(chat_id);
        created.then(() => answered = true);
        await delay(150);
        assertEquals(answered, false, "it waits for the delete");
        if (isolation === "read committed") throw taken;
      }).catch((error) => assertEquals(error, taken));
      assertEquals(await created, "23505");
    } finally {
      await sql.end();
    }
  }
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
  assertEquals(await create(chat_id), undefined, "when its bytes are gone");
});

Deno.test("a delete and a create in one transaction are refused", async () => {
  const chat_id = await user.createChat();
  await assertRejects(
    () =>
      asOperator((sql) =>
        sql.begin(async (tx) => {
          await tx`delete from chats where id = ${chat_id}`;
          await tx`insert into chats (id, user_id, title) values (${chat_id}, ${user.id}, 'Again')`;
        })
      ),
    postgres.PostgresError,
    "are still being removed",
  );
});

Deno.test("a client that re-creates its chat at once, again and again, loses nothing it was given", async () => {
  const chat_id = await user.createChat();
  let kept: string[] = [];
  let refused = 0;
  for (let round = 0; round < 6; round++) {
    await user.client.from("chats").delete().eq("id", chat_id);
    const worker = runWorker();
    await eventually("the id is free again", async () => {
      const code = await create(chat_id);
      if (code === undefined) return true;
      assertEquals(code, "23505");
      refused++;
    });
    kept = (await uploadAll(user, chat_id, [image("new.png", round)]))
      .map((id) => `${user.id}/${chat_id}/images/${id}-1.png`);
    await worker;
    assertEquals(await keysBelow(`${user.id}/${chat_id}/images/`), kept);
  }
  assert(refused > 0);
  await runWorker();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/images/`), kept);
});

Deno.test("a worker that was paused past its lease touches nothing of the chat that came after", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("old.png", 1)]);
  await user.client.from("chats").delete().eq("id", chat_id);
  const standing = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const asked: string[] = [];
  const paused = runWorker({
    // The bucket's list as it was, and again when the worker wakes up.
    async *list(prefix) {
      for await (const page of bucket.list(prefix)) {
        yield page;
        standing.resolve();
        await goOn.promise;
      }
      yield* bucket.list(prefix);
    },
    async deleteMany(keys) {
      asked.push(...keys);
      standing.resolve();
      await goOn.promise;
      return await bucket.deleteMany(keys);
    },
  });
  await standing.promise;
  await endLeases(user);
  await cleanup();
  assertEquals(await create(chat_id), undefined);
  const [id] = await uploadAll(user, chat_id, [image("new.png", 2)]);
  const live = `${user.id}/${chat_id}/images/${id}-1.png`;
  const settled = async () =>
    (await entriesOf(user)).filter(({ target }) => target === `${user.id}/${chat_id}/`)
      .map(({ due_in: _, ...entry }) => entry);
  const before = await settled();

  goOn.resolve();
  await paused;
  assert(!asked.includes(live), "a key that a row names is not even asked for");
  assertEquals(await keysBelow(live), [live]);
  assertEquals(await settled(), before, "what another worker settled stays");
});

Deno.test("ids and keys that begin alike: only the chat's own prefix is listed", async () => {
  const base = crypto.randomUUID().slice(0, -1);
  const [doomed, twin] = [`${base}a`, `${base}b`];
  for (const id of [doomed, twin]) assertEquals(await create(id), undefined);
  await uploadAll(user, doomed, [image()]);
  const [kept] = await uploadAll(user, twin, [image()]);
  const beside = await Promise.all([
    store(`${user.id}/${doomed}`),
    store(`${user.id}/${doomed}0/images/${crypto.randomUUID()}.png`),
    store(`${user.id}/${doomed}-/images/${crypto.randomUUID()}.png`),
    store(`${user.id}/${doomed.slice(0, -1)}`),
    store(`${user.id}0/${doomed}/images/${crypto.randomUUID()}.png`),
    store(`x${user.id}/${doomed}/images/${crypto.randomUUID()}.png`),
  ]);
  await user.client.from("chats").delete().eq("id", doomed);
  const listed: string[] = [];
  const asked: string[] = [];
  await runWorker({
    list(prefix) {
      listed.push(prefix);
      return bucket.list(prefix);
    },
    deleteMany(keys) {
      asked.push(...keys);
      return bucket.deleteMany(keys);
    },
  });
  assertEquals(listed, [`${user.id}/${doomed}/`]);
  assertEquals(asked.filter((key) => !key.startsWith(`${user.id}/${doomed}/`)), []);
  assertEquals(await keysBelow(`${user.id}/${doomed}/`), []);
  for (const key of [...beside, `${user.id}/${twin}/images/${kept}-1.png`]) {
    assert((await keysBelow(key)).includes(key), key);
  }
});

/** What an operator's SQL, or a leaked secret key, may try to have deleted. */
function hostileKeys(chat_id: string, theirs: string): string[] {
  const own = `${user.id}/${chat_id}`;
  return [
    "",
    "/",
    "%",
    `${user.id}/`,
    `${own}/`,
    `${own}/images/`,
    `${own}/images`,
    `${own}/images/../../${other.id}/a.png`,
    `${own}/images/..`,
    `${own}/images/.png`,
    `${own}/images/a/b.png`,
    `${own}/images/a.png\n${other.id}/${theirs}/images/b.png`,
    `${own}/images/a.png/`,
    `${own}/images/a%2Fb.png`,
    `${own}/images/a.p*g`,
    `${own}/elsewhere/a.png`,
    `/${own}/images/a.png`,
    `${own}//images/a.png`,
    `${own.toUpperCase()}/images/a.png`,
    `${other.id}/${theirs}/images/a.png`,
    `${user.id}/${theirs}/images/a.png`,
    `${other.id}/${chat_id}/images/a.png`,
    `.*/.*/images/a.png`,
  ];
}

/** The SQLSTATE that a statement is refused with. */
const refusal = async (work: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<string> => {
  const error = await assertRejects(() => asOperator(async (sql) => void await work(sql)), Error);
  return (error as postgres.PostgresError).code;
};

Deno.test("hostile values in every column that feeds a target are refused", async () => {
  const [chat_id, theirs] = [await user.createChat(), await other.createChat()];
  await uploadAll(user, chat_id, [image()]);
  for (const key of hostileKeys(chat_id, theirs)) {
    const about = JSON.stringify(key);
    const image_insert = await refusal((sql) =>
      sql`insert into chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
          values (gen_random_uuid(), ${chat_id}, ${user.id}, 'a', ${key}, 'image/png', 1)`
    );
    assertEquals(image_insert, "23514", `chat_images.s3_path ${about}`);
    const document = await refusal((sql) =>
      sql`update chats set document_path = ${key} where id = ${chat_id}`
    );
    assertEquals(document, "23514", `chats.document_path ${about}`);
    for (const is_prefix of [true, false]) {
      // Its own prefix is the one target that a chat has.
      if (is_prefix && key === `${user.id}/${chat_id}/`) continue;
      const entry = await refusal((sql) =>
        sql`insert into storage_deletions (chat_id, user_id, target, is_prefix, reason)
            values (${chat_id}, ${user.id}, ${key}, ${is_prefix}, 'orphan')`
      );
      assertEquals(entry, "23514", `storage_deletions.target ${about} ${is_prefix}`);
    }
  }
  const prefixes = [`${user.id}/`, "", `${user.id}/%`, `${user.id}/${chat_id}`];
  for (const target of prefixes) {
    const code = await refusal((sql) =>
      sql`insert into storage_deletions (user_id, target, is_prefix, reason)
          values (${user.id}, ${target}, true, 'orphan')`
    );
    assertEquals(code, "23514", `a prefix without a chat: ${target}`);
  }
});

Deno.test("keys, owners and ids of rows never change; a reservation's keys are never written", async () => {
  const [chat_id, theirs] = [await user.createChat(), await other.createChat()];
  const [id] = await uploadAll(user, chat_id, [image()]);
  const path = `${user.id}/${chat_id}/images/another.png`;
  const changes: [string, (sql: postgres.Sql) => PromiseLike<unknown>][] = [
    ["23514", (sql) => sql`update chat_images set s3_path = ${path} where id = ${id!}`],
    ["23514", (sql) => sql`update chat_images set user_id = ${other.id} where id = ${id!}`],
    ["23514", (sql) => sql`update chat_images set chat_id = ${theirs} where id = ${id!}`],
    ["23514", (sql) => sql`update chats set user_id = ${other.id} where id = ${chat_id}`],
    ["23514", (sql) => sql`update chats set id = gen_random_uuid() where id = ${chat_id}`],
    ["23514", (sql) => sql`update uploads set kind = 'document' where id = ${id!}`],
    ["23514", (sql) => sql`update uploads set chat_id = ${theirs} where id = ${id!}`],
    ["428C9", (sql) => sql`update uploads set incoming_path = ${path} where id = ${id!}`],
    ["42501", (sql) => sql`truncate chats cascade`],
    ["42501", (sql) => sql`truncate chat_images`],
    ["42501", (sql) => sql`truncate uploads`],
    ["42501", (sql) => sql`truncate storage_deletions`],
  ];
  for (const [code, change] of changes) assertEquals(await refusal(change), code, String(change));
});

Deno.test("a receipt names a chat's own objects only, and nobody else can read it", async () => {
  const leaving: User = await signUp();
  const chat_id = await leaving.createChat();
  await uploadAll(leaving, chat_id, [image()]);
  await leaving.call("delete-chat", { chat_id });
  await settleAll(leaving);
  assertEquals(await openEntriesOf(leaving), []);
  const { data } = await user.client.from("storage_deletions").select("id").eq("chat_id", chat_id);
  assertEquals(data, []);
});
