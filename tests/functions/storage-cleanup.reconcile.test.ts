/** Bucket and rows are compared both ways; nothing that could be anybody's live file is touched. */
import { ChatArchiveError } from "@shared/errors.ts";
import {
  reconcile,
  type ReconcilePorts,
  type ReconcileRequest,
} from "../../supabase/functions/storage-cleanup/reconcile.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { cleanup } from "../support/deletion.ts";
import { image, pdf, put, reserve, store, uploadAll } from "../support/files.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { assertError, assertField, signUp, type User } from "../support/users.ts";

const admin = workerClient();

/** Everything of one user, whatever the other tests leave behind. */
const rangeOf = (user: User) => ({ after: `${user.id}/`, until: `${user.id}0` });

/** The comparison itself, with no grace unless a test is about it. */
const compare = (user: User, more: ReconcileRequest, ports: Partial<ReconcilePorts> = {}) =>
  reconcile({ ...rangeOf(user), ...more }, {
    admin,
    store: bucket,
    deadline: performance.now() + 10_000,
    grace: 0,
    project: "",
    contentType: "application/pdf",
    ...ports,
  });

const uuid = () => crypto.randomUUID();

/** A chat with an image, a document, an open reservation, and an image whose deletion is queued. */
async function livingChat(user: User): Promise<string> {
  const chat_id = await user.createChat();
  const [, , gone] = await uploadAll(user, chat_id, [
    image("1.png", 1),
    { name: "a.pdf", content_type: "application/pdf", kind: "document", bytes: pdf() },
    image("2.png", 2),
  ]);
  await user.client.from("chat_images").delete().eq("id", gone!);
  const [open] = await reserve(user, chat_id, [image("open.png", 3)]);
  await put(open!, image("open.png", 3).bytes);
  return chat_id;
}

Deno.test("what rows, reservations and the outbox name is no orphan", async () => {
  const user = await signUp();
  const chat_id = await livingChat(user);
  const found = await compare(user, { reconcile: "dry-run" });
  assertEquals(found, {
    compared: 4,
    orphans: 0,
    orphan_keys: [],
    foreign: 0,
    missing: 0,
    missing_keys: [],
  });
  assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 4);
});

Deno.test("an open reservation protects its key, with or without an outbox", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const [open] = await reserve(user, chat_id, [image()]);
  await put(open!, image().bytes);
  await asOperator((sql) => sql`delete from storage_deletions where user_id = ${user.id}`);
  assertEquals((await compare(user, { reconcile: "dry-run" })).orphans, 0);
  await asOperator((sql) => sql`update uploads set status = 'expired' where id = ${open!.id}`);
  await asOperator((sql) => sql`delete from storage_deletions where user_id = ${user.id}`);
  assertEquals((await compare(user, { reconcile: "dry-run" })).orphans, 1);
});

Deno.test("a dry run lists orphans, apply enqueues them, the worker deletes them and nothing else", async () => {
  const user = await signUp();
  const chat_id = await livingChat(user);
  const before = await keysBelow(`${user.id}/`);
  const orphans = (await Promise.all([
    store(`${user.id}/${chat_id}/images/${uuid()}-1.png`),
    store(`${user.id}/${chat_id}/documents/${uuid()}-1.pdf`),
    store(`${user.id}/${chat_id}/incoming/${uuid()}-1`),
  ])).toSorted();
  const listed = await compare(user, { reconcile: "dry-run" });
  assertEquals([listed.orphans, listed.orphan_keys.toSorted()], [3, orphans]);
  const queued = () =>
    asOperator(async (sql) =>
      (await sql`select target from storage_deletions
                 where user_id = ${user.id} and reason = 'orphan' and done_at is null`)
        .map(({ target }) => target).toSorted()
    );
  assertEquals(await queued(), [], "a dry run changes nothing");

  const applied = await compare(user, { reconcile: "apply", expected: 3 });
  assertEquals([applied.orphans, await queued()], [3, orphans]);
  assertEquals((await compare(user, { reconcile: "dry-run" })).orphans, 0, "they are queued");
  await cleanup();
  const after = await keysBelow(`${user.id}/`);
  assertEquals(orphans.filter((key) => after.includes(key)), []);
  assertEquals(after.filter((key) => !before.includes(key)), []);
  // The image that was deleted before went in the same run.
  assertEquals(after.length, before.length - 1);
});

Deno.test("under a deleted chat that is on record, what came late is an orphan", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await user.call("delete-chat", { chat_id });
  const key = await store(`${user.id}/${chat_id}/images/${uuid()}-1.png`);
  assertEquals((await compare(user, { reconcile: "dry-run" })).orphan_keys, [key]);
});

Deno.test("more orphans than expected: conflict, and nothing is enqueued", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  for (let n = 0; n < 3; n++) await store(`${user.id}/${chat_id}/images/${uuid()}-1.png`);
  for (const expected of [0, 2]) {
    const error = await assertRejects(
      () => compare(user, { reconcile: "apply", expected }),
      ChatArchiveError,
    );
    assertEquals(error.code, "conflict");
  }
  const { count } = await admin.from("storage_deletions").select("id", { count: "exact" })
    .eq("user_id", user.id);
  assertEquals(count, 0);
  assertEquals((await compare(user, { reconcile: "apply", expected: 4 })).orphans, 3);
});

Deno.test("keys of another form, and of users and chats that nobody knows, are left alone", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const chat_id = await user.createChat();
  const theirs = await other.createChat();
  const foreign = await Promise.all([
    `${user.id}/readme.txt`,
    `${user.id}/${uuid()}/images/${uuid()}-1.png`,
    // A chat that is known, of another user.
    `${user.id}/${theirs}/images/${uuid()}-1.png`,
    `${user.id}/${chat_id}/images/scan.png`,
    `${user.id}/${chat_id}/images/${uuid()}-1.png.bak`,
    `${user.id}/${chat_id}/images/sub/${uuid()}.png`,
    `${user.id}/${chat_id}/thumbnails/${uuid()}.png`,
    `${user.id}/${chat_id.toUpperCase()}/images/${uuid()}-1.png`,
  ].map(store));
  const found = await compare(user, { reconcile: "dry-run" });
  assertEquals([found.orphans, found.foreign], [0, foreign.length]);
  assertEquals((await compare(user, { reconcile: "apply", expected: 1000 })).orphans, 0);
  await cleanup();
  assertEquals((await keysBelow(`${user.id}/`)).length, foreign.length);
});

Deno.test("a database that was restored to before its users knows nothing, and costs nothing", async () => {
  const user = await signUp();
  const chat_id = await livingChat(user);
  // What a restored database lacks: the user with all rows, the outbox, and the tombstones.
  const snapshot = await keysBelow(`${user.id}/`);
  await asOperator(async (sql) => {
    await sql`delete from auth.users where id = ${user.id}`;
    await sql`delete from storage_deletions where user_id = ${user.id}`;
    await sql`delete from private.chat_tombstones where user_id = ${user.id}`;
    await sql`delete from private.user_tombstones where user_id = ${user.id}`;
  });
  const found = await compare(user, { reconcile: "apply", expected: 1000 });
  assertEquals([found.orphans, found.foreign], [0, 4]);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), snapshot);
});

Deno.test("objects of deleted chats and users are orphans, long after the receipts are gone", async () => {
  const user = await signUp();
  const [gone, kept] = [await user.createChat(), await user.createChat()];
  await asOperator((sql) => sql`delete from chats where id = ${gone}`);
  const late = await store(`${user.id}/${gone}/images/${uuid()}-1.png`);
  const purge = () =>
    asOperator((sql) => sql`delete from storage_deletions where user_id = ${user.id}`);
  await purge();
  assertEquals((await compare(user, { reconcile: "dry-run" })).orphan_keys, [late]);

  await asOperator((sql) => sql`delete from auth.users where id = ${user.id}`);
  await purge();
  // Of a chat that this database never had, too: the user was ours.
  const later = [
    `${user.id}/${kept}/images/${uuid()}-1.png`,
    `${user.id}/${uuid()}/incoming/${uuid()}-1`,
  ];
  await Promise.all(later.map(store));
  const { orphans, foreign } = await compare(user, { reconcile: "apply", expected: 3 });
  assertEquals([orphans, foreign], [3, 0]);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/`), []);
});

Deno.test("rows without an object are reported, and stay", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const [lost, , kept] = await uploadAll(user, chat_id, [
    image("1.png", 1),
    { name: "a.pdf", content_type: "application/pdf", kind: "document", bytes: pdf() },
    image("2.png", 2),
  ]);
  const { data } = await user.client.from("chats").select("document_path").eq("id", chat_id);
  const missing = [data![0]!.document_path!, `${user.id}/${chat_id}/images/${lost}-1.png`];
  await bucket.deleteMany(missing);
  for (const mode of ["dry-run", "apply"] as const) {
    const found = await compare(user, {
      reconcile: mode,
      ...(mode === "apply" ? { expected: 0 } : {}),
    });
    assertEquals([found.missing, found.missing_keys.toSorted()], [2, missing.toSorted()]);
  }
  const { data: rows } = await user.client.from("chat_images").select("id").eq("chat_id", chat_id);
  assertEquals(rows!.map(({ id }) => id).toSorted(), [lost!, kept!].toSorted());
});

Deno.test("what is younger than a day is on its way: neither orphan nor missing", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const [lost] = await uploadAll(user, chat_id, [image()]);
  await bucket.deleteMany([`${user.id}/${chat_id}/images/${lost}-1.png`]);
  await store(`${user.id}/${chat_id}/images/${uuid()}-1.png`);
  const { body } = await cleanup({ reconcile: "dry-run", ...rangeOf(user) });
  assertEquals([body.compared, body.orphans, body.missing], [1, 0, 0]);
  await asOperator((sql) =>
    sql`update chat_images set uploaded_at = now() - interval '25 hours' where id = ${lost!}`
  );
  const later = await cleanup({ reconcile: "dry-run", ...rangeOf(user) });
  assertEquals([later.body.orphans, later.body.missing], [0, 1]);
});

Deno.test("a bucket too large for one request is compared in several, and nothing is lost between", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const ids = await uploadAll(user, chat_id, Array.from({ length: 7 }, (_, n) => image("a", n)));
  const orphans = await Promise.all(
    Array.from({ length: 5 }, () => store(`${user.id}/${chat_id}/images/${uuid()}-1.png`)),
  );
  const lost = ids.slice(0, 3).map((id) => `${user.id}/${chat_id}/images/${id}-1.png`);
  await bucket.deleteMany(lost);
  // Pages of two, and no time for more than one of them.
  const small: ReconcilePorts["store"] = {
    ...bucket,
    async *list(prefix, options) {
      for await (const page of bucket.list(prefix, options)) {
        for (let start = 0; start < page.length; start += 2) yield page.slice(start, start + 2);
      }
    },
  };
  const ports = { store: small, deadline: 0 };
  const ranges: { after: string; until?: string; orphans: number }[] = [];
  const seen = { orphans: [] as string[], missing: [] as string[], compared: 0 };
  for (let after: string | undefined = `${user.id}/`; after !== undefined;) {
    const found = await compare(user, { reconcile: "dry-run", after }, ports);
    seen.orphans.push(...found.orphan_keys);
    seen.missing.push(...found.missing_keys);
    seen.compared += found.compared;
    ranges.push({ after, until: found.next ?? rangeOf(user).until, orphans: found.orphans });
    after = found.next;
  }
  assertEquals(seen, {
    orphans: orphans.toSorted(),
    missing: lost.toSorted(),
    compared: 9,
  });
  assert(ranges.length >= 5);
  let applied = 0;
  for (const { after, until, orphans: expected } of ranges) {
    const more = { reconcile: "apply" as const, after, expected, ...(until ? { until } : {}) };
    applied += (await compare(user, more)).orphans;
  }
  assertEquals(applied, 5);
  await cleanup();
  assertEquals((await keysBelow(`${user.id}/`)).length, 4);
});

Deno.test("rows are read in pages, too", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const ids = await uploadAll(user, chat_id, Array.from({ length: 5 }, (_, n) => image("a", n)));
  const pages = async (max_rows: number) => {
    const keys: string[] = [];
    for (let after_key: string | null = `${user.id}/`; after_key !== null;) {
      const after: string = after_key;
      const { data } = await admin.rpc("rows_without_objects", {
        after_key: after,
        through_key: `${user.id}0`,
        listed: [],
        grace_seconds: 0,
        max_rows,
      });
      keys.push(...data![0]!.keys);
      after_key = data![0]!.next_key;
    }
    return keys;
  };
  const all = ids.map((id) => `${user.id}/${chat_id}/images/${id}-1.png`).toSorted();
  for (const max_rows of [1, 2, 5, 100]) assertEquals(await pages(max_rows), all);
});

Deno.test("an empty outbox run is none: a comparison claims nothing", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
  const { body } = await cleanup({ reconcile: "dry-run", ...rangeOf(user) });
  assertEquals(["claimed", "deleted", "expired_uploads"].filter((name) => name in body), []);
  assert(body.pending >= 1);
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const cases: [unknown, string][] = [
    [{ reconcile: "yes" }, "reconcile"],
    [{ reconcile: "apply" }, "expected"],
    [{ reconcile: "apply", expected: -1 }, "expected"],
    [{ reconcile: "dry-run", expected: 1 }, "expected"],
    [{ expected: 1 }, "expected"],
    [{ after: "a" }, "after"],
    [{ until: "a" }, "until"],
    [{ reconcile: "dry-run", after: "" }, "after"],
    [{ reconcile: "dry-run", after: "\0" }, "after"],
  ];
  for (const [body, field] of cases) {
    assertField(assertError(await cleanup(body), 400, "invalid_request"), field);
  }
});
