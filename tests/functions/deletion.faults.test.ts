/** The bucket or the database fails in the middle of a deletion: nothing is lost, nothing is half told. */
import { delay } from "@shared/async.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { claim } from "../../supabase/functions/_shared/outbox.ts";
import { sweep } from "../../supabase/functions/_shared/sweep.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import {
  cleanup,
  endLeases,
  enqueueKeys,
  entriesOf,
  openEntriesOf,
  passTime,
  runWorker,
} from "../support/deletion.ts";
import { image, png, uploadAll } from "../support/files.ts";
import { s3Error, startScriptedBucket } from "../support/scripted_bucket.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

// What other tests left due is not part of what these count.
await cleanup();

const keysOf = (body: string) => [...body.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key!);

const xml = (body: string) =>
  new Response(body, { headers: { "content-type": "application/xml" } });

/**
 * A server that passes DeleteObjects on to the bucket, but for what a test injects.
 *
 * @param inject code by key, or an answer to the whole request
 */
const faultyDeletes = (inject: (keys: string[], call: number) => Map<string, string> | Response) =>
  startScriptedBucket(async ({ body }, call) => {
    const keys = keysOf(body);
    const injected = inject(keys, call);
    if (injected instanceof Response) return injected;
    await bucket.deleteMany(keys.filter((key) => !injected.has(key)));
    const errors = [...injected].map(([key, code]) =>
      `<Error><Key>${key}</Key><Code>${code}</Code><Message>no</Message></Error>`
    );
    return xml(`<DeleteResult>${errors.join("")}</DeleteResult>`);
  });

async function userWithKeys(count: number) {
  const user = await signUp();
  const chat_id = await user.createChat();
  const keys = await enqueueKeys(user, chat_id, count);
  return { user, chat_id, keys };
}

Deno.test("errors for single keys in a 200: these are tried again, the others are done", async () => {
  const { user, keys } = await userWithKeys(5);
  const body = png(1, 1);
  for (const key of keys) {
    await bucket.put({ key, body, size: body.length, contentType: "image/png" });
  }
  const refused = new Set(keys.slice(0, 2));
  await using faulty = faultyDeletes((asked) =>
    new Map(asked.filter((key) => refused.has(key)).map((key) => [key, "AccessDenied"]))
  );
  const { deleteMany } = openBucket(faulty.settings);
  const { body: run } = await runWorker({ deleteMany });
  assertEquals([run.claimed, run.deleted, run.failed], [5, 3, 2]);
  const open = await openEntriesOf(user);
  assertEquals(
    open.map(({ target, attempts, last_error, leased, dead }) => [
      refused.has(target),
      attempts,
      last_error,
      leased,
      dead,
    ]),
    [[true, 1, "AccessDenied", false, false], [true, 1, "AccessDenied", false, false]],
  );
  assertEquals((await keysBelow(`${user.id}/`)).toSorted(), [...refused].toSorted());
  // Not before its time.
  assertEquals((await runWorker()).body.claimed, 0);

  await passTime(user);
  await cleanup();
  assertEquals([await keysBelow(`${user.id}/`), await openEntriesOf(user)], [[], []]);
});

Deno.test("an error for one object of a chat: the rest goes, and the chat is not done", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const ids = await uploadAll(user, chat_id, [image("1.png", 1), image("2.png", 2)]);
  const stuck = `${user.id}/${chat_id}/images/${ids[0]}-1.png`;
  await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
  await using faulty = faultyDeletes(() => new Map([[stuck, "InternalError"]]));
  await runWorker({ deleteMany: openBucket(faulty.settings).deleteMany });
  const [entry] = (await openEntriesOf(user)).filter(({ reason }) => reason === "chat_deleted");
  assertEquals([entry!.last_error, entry!.objects_deleted], ["InternalError", 1]);
  assertEquals(await keysBelow(`${user.id}/`), [stuck]);
  const { status, body } = await user.call("delete-chat", { chat_id });
  assertEquals([status, body.deletions[0].objects_deleted], [200, 2]);
  assertEquals(await keysBelow(`${user.id}/`), []);
});

Deno.test("503 for a part of the calls: that part is tried again", async () => {
  const { user } = await userWithKeys(1500);
  // The client asks three times before it gives a call up.
  await using faulty = faultyDeletes((asked) =>
    asked.length === 500 ? s3Error(503, "SlowDown") : new Map()
  );
  const { body } = await runWorker({ deleteMany: openBucket(faulty.settings).deleteMany });
  assertEquals([body.claimed, body.deleted, body.failed], [1500, 1000, 500]);
  assertEquals(faulty.seen.filter(({ method }) => method === "POST").length, 4);
  const open = await openEntriesOf(user);
  assertEquals(new Set(open.map(({ last_error }) => last_error)), new Set(["SlowDown"]));
  // 5 s, with a jitter of a quarter both ways, so that they don't come back all at once.
  for (const { due_in } of open) assert(due_in < 6.3, String(due_in));
  assert(new Set(open.map(({ due_in }) => due_in)).size > 400, "jitter");
  await passTime(user);
  await cleanup();
  assertEquals(await openEntriesOf(user), []);
});

Deno.test("a bucket that keeps silent: an attempt is counted, and the answer comes in time", async () => {
  const { user } = await userWithKeys(3);
  const pending = Promise.withResolvers<Response>();
  await using silent = startScriptedBucket(() => pending.promise);
  const impatient = openBucket(silent.settings, {
    attemptMs: 150,
    operationMs: 400,
    copyMs: 400,
    silenceMs: 400,
    presenceMs: 0,
    versioningMs: 0,
  });
  const started = performance.now();
  const { body } = await runWorker({ deleteMany: impatient.deleteMany });
  assert(performance.now() - started < 10_000);
  assertEquals([body.claimed, body.deleted, body.failed], [3, 0, 3]);
  for (const { attempts, leased, last_error } of await openEntriesOf(user)) {
    assert(attempts === 1 && !leased && last_error, last_error ?? "no code");
  }
  pending.resolve(xml("<DeleteResult/>"));
  await passTime(user);
  await cleanup();
  assertEquals(await openEntriesOf(user), []);
});

Deno.test("no time left: entries are given back at once, and no attempt is counted", async () => {
  const user = await signUp();
  const chats = [await user.createChat(), await user.createChat()];
  await asOperator((sql) => sql`delete from chats where id = any (${chats})`);
  await enqueueKeys(user, chats[0]!, 1500);
  const admin = workerClient();
  let calls = 0;
  const ports = {
    admin,
    deadline: Infinity,
    store: {
      ...bucket,
      deleteMany(keys: string[]) {
        calls++;
        // The time is up while the bucket works.
        ports.deadline = 0;
        return bucket.deleteMany(keys);
      },
    },
  };
  const { deleted } = await sweep(ports, await claim(admin, Infinity));
  assertEquals([calls, deleted], [1, 998], "two of the first thousand are the chats");
  const open = await openEntriesOf(user);
  assertEquals(open.filter(({ leased, attempts }) => leased || attempts > 0), []);
  assertEquals(open.length, 502, "the chats came first, and are done");
  await cleanup();
  assertEquals(await openEntriesOf(user), []);
});

Deno.test("twenty attempts in vain: a dead letter, kept, counted, and not tried again", async () => {
  const { user, keys: [key] } = await userWithKeys(1);
  await using faulty = faultyDeletes(() => s3Error(403, "AccessDenied"));
  const { deleteMany } = openBucket(faulty.settings);
  for (let attempt = 1; attempt <= 20; attempt++) {
    const { body } = await runWorker({ deleteMany });
    assertEquals([body.claimed, body.dead], [1, attempt < 20 ? 0 : 1]);
    if (attempt < 20) {
      const [{ due_in } = { due_in: 0 }] = await openEntriesOf(user);
      const step = Math.min(5 * 2 ** (attempt - 1), 6 * 3600);
      // Some seconds may have passed since, on a busy machine.
      assert(due_in > step * 0.75 - 5 && due_in < step * 1.26, `${due_in} s after ${attempt}`);
    }
    await passTime(user);
  }
  const asked = faulty.seen.length;
  assertEquals((await runWorker({ deleteMany })).body.claimed, 0);
  assertEquals(faulty.seen.length, asked);
  const [{ dead, target, last_error } = { dead: false, target: "", last_error: "" }] =
    await openEntriesOf(user);
  assertEquals([dead, target, last_error], [true, key, "AccessDenied"]);
  await asOperator((sql) =>
    sql`update storage_deletions set dead_at = null, done_at = now()
    where user_id = ${user.id}`
  );
});

Deno.test("the clocks of two workers differ by days: only the database's counts", async () => {
  const { user } = await userWithKeys(10);
  const now = Date.now;
  const skewed = async <T>(days: number, work: () => Promise<T>) => {
    Date.now = () => now() + days * 86_400_000;
    try {
      return await work();
    } finally {
      Date.now = now;
    }
  };
  const claimed = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow = runWorker({
    async deleteMany(keys) {
      claimed.resolve();
      await goOn.promise;
      return await bucket.deleteMany(keys);
    },
  });
  await claimed.promise;
  for (const days of [-2, 2]) {
    const { body } = await skewed(days, () => runWorker());
    assertEquals(body.claimed, 0, "the lease holds");
  }
  // When the database says that it is over, it is, whatever the worker's clock says.
  await endLeases(user);
  const { body } = await skewed(-2, () => runWorker());
  assertEquals([body.claimed, body.deleted], [10, 10]);
  goOn.resolve();
  await slow;
  const entries = await entriesOf(user);
  assert(entries.every(({ done, leased, attempts }) => done && !leased && attempts === 1));
});

Deno.test("four workers on one queue of 20,000 keys: each key once or more, none lost, none leased", async () => {
  const { user, keys } = await userWithKeys(20_000);
  const other = await userWithKeys(1);
  const times = new Map<string, number>();
  const deleteMany = async (asked: string[]) => {
    for (const key of asked) times.set(key, (times.get(key) ?? 0) + 1);
    await delay(Math.random() * 20);
    return [];
  };
  const list = () => {
    throw new Error("no prefix is in this queue");
  };
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => runWorker({ deleteMany, list }, { limit: 100_000 })),
  );
  const wanted = new Set([...keys, ...other.keys]);
  assertEquals(times.size, wanted.size);
  for (const key of times.keys()) assert(wanted.has(key), key);
  assertEquals(runs.reduce((sum, { body }) => sum + body.claimed, 0), 20_001);
  assert(runs.filter(({ body }) => body.claimed > 0).length > 1, "the work was shared");
  const [left] = await asOperator((sql) =>
    sql`select count(*) filter (where done_at is null)::int as open,
               count(locked_until)::int as leased, count(*)::int as all
        from storage_deletions where user_id = ${user.id} and reason = 'orphan'`
  );
  assertEquals({ ...left }, { open: 0, leased: 0, all: 20_000 });
});

Deno.test("an unknown failure of the worker is thrown, and its entries come back", async () => {
  const { user } = await userWithKeys(2);
  await assertRejects(() =>
    runWorker({
      deleteMany: () => {
        throw new TypeError("a bug");
      },
    }), TypeError);
  assertEquals((await openEntriesOf(user)).map(({ leased }) => leased), [true, true]);
  await passTime(user);
  await cleanup();
  assertEquals(await openEntriesOf(user), []);
});
