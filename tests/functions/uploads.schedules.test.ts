/**
 * Random schedules of all that can happen to uploads at the same time, over the real handlers, database
 * and bucket: hostile PUTs, confirms, copies whose answers are lost and that land late, deletions, workers,
 * hours that pass, processes that are killed, and a database that is restored. After each, every row has
 * the bytes of its hash, and nothing lies in the bucket that nothing names. From a restore until an
 * operator accepts it nothing of what was live before is lost.
 *
 *   UPLOAD_SCHEDULES=20000   how many; a few hundred by default
 *   UPLOAD_SEED=123          the first seed
 *   UPLOAD_HOLE_SEEDS=300    seeds that are tried for each hole, from the one that is named on: by default
 *                            that one alone
 */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import type { Database } from "@shared/database.types.ts";
import { chunked } from "@shared/async.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { assert, assertEquals } from "@std/assert";
import { checkBucket } from "../../supabase/functions/_shared/bucket_identity.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { deletingOnceChecked, lastVerdict } from "../../supabase/functions/_shared/recent_check.ts";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { confirmUpload } from "../../supabase/functions/confirm-upload/handler.ts";
import { deleteChat } from "../../supabase/functions/delete-chat/handler.ts";
import { presignUpload } from "../../supabase/functions/presign-upload/handler.ts";
import { acceptRestore } from "../../supabase/functions/storage-cleanup/accept_restore.ts";
import { workerClient } from "../support/api_client.ts";
import { runWorker } from "../support/deletion.ts";
import { document, factsOf, image, sha256, type TestFile } from "../support/files.ts";
import { backUpRows, type RowsBackup } from "../support/rows_backup.ts";
import { Schedule } from "../support/schedule.ts";
import { bucket, keysBelow, stack } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

const COUNT = Number(Deno.env.get("UPLOAD_SCHEDULES") ?? 200);
const FIRST_SEED = Number(Deno.env.get("UPLOAD_SEED") ?? 1);

const settings = readSettings({ USE_S3_STORAGE: "false" });

let sql: postgres.Sql;
Deno.test.beforeAll(() => {
  sql = postgres(stack.DB_URL, { max: 1, onnotice: () => {} });
});
Deno.test.afterAll(() => sql.end());

/** As the stack's functions have them: it is on loopback. */
const identity = {
  admin: workerClient(),
  store: bucket,
  project: "",
  contentType: "application/pdf",
} as const;

/** What is done otherwise than in the product, to see that a schedule finds it. */
interface Holes {
  /** A copy is sent again where its answer is lost, as the SDK would. */
  repeatsCopies?: boolean;
}

/** The key of a row, and the hash of its bytes. */
type File = [key: string, hash: string];

/** The database, as it was. */
interface Backup {
  rows: RowsBackup;
  live: File[];
  /** That had passed. */
  hours: number;
}

/** One user with one chat and some files, and what may happen to them. */
class World {
  readonly files: (TestFile & { id: string })[];
  /** Of the URLs that were given out and live, by file. */
  readonly incoming = new Map<string, string>();
  #copying = new Map<string, number>();
  #pauses = new Map<string, string>();
  /** Most copies of one file that were under way within an hour. */
  mostCopies = 0;
  #hours = 0;
  /** What there was when the database was restored: all keys, and the hash behind those of rows. */
  before: { keys: string[]; live: File[] } | undefined;
  /** The worker finds that the database is not the bucket's, until an operator accepts it. */
  isRestored = false;

  constructor(
    readonly seed: number,
    readonly schedule: Schedule,
    readonly user: User,
    readonly chat_id: string,
    readonly holes: Holes,
  ) {
    this.files = [image("a.png", 1), document("b.pdf"), image("c.png", 2)]
      .slice(0, 1 + Math.floor(schedule.random() * 3))
      .map((file) => ({ ...file, id: crypto.randomUUID() }));
  }

  /** Pauses a task before a step: it waits until nearly all else is done. */
  pause(task: string, before: string): World {
    this.#pauses.set(task, before);
    return this;
  }

  #step<T>(task: string, step: string, work: () => Promise<T>): Promise<T> {
    const before = this.#pauses.get(task);
    const isPaused = before !== undefined && step.startsWith(before);
    return this.schedule.step(task, isPaused ? `late ${step}` : step, work);
  }

  /** A client whose every request waits for the task's turn. */
  #client(task: string, key: string, token?: string): ArchiveClient {
    const gated: typeof fetch = (input, init) =>
      this.#step(task, new URL(input as string).pathname.slice(9), async () => {
        const response = await fetch(input, init);
        return new Response(await response.text() || null, response);
      });
    return createClient<Database>(stack.API_URL, key, {
      global: { fetch: gated },
      db: { retry: false },
      ...(token
        ? { accessToken: () => Promise.resolve(token) }
        : { auth: { persistSession: false, autoRefreshToken: false } }),
    });
  }

  db = (task: string) => this.#client(task, stack.PUBLISHABLE_KEY, this.user.token);
  admin = (task: string) => this.#client(task, stack.SECRET_KEY);

  /** The bucket, whose every request waits for the task's turn. */
  store(task: string): ObjectStore {
    const step = <T>(name: string, work: () => Promise<T>) => this.#step(task, name, work);
    return {
      ...bucket,
      head: (key) => step("head", () => bucket.head(key)),
      scan: (key, read) => step("scan", () => bucket.scan(key, read)),
      deleteMany: (keys) => step(`delete ${keys.length}`, () => bucket.deleteMany(keys)),
      copy: (...args) => this.#copy(task, ...args),
      list: (prefix, options) => {
        const pages = step("list", () => Array.fromAsync(bucket.list(prefix, options)));
        return (async function* () {
          yield* await pages;
        })();
      },
    };
  }

  /** A copy is made, or its answer is lost: then it was made, or never is, or lands at some time. */
  async #copy(task: string, from: string, to: string, type: string): Promise<boolean> {
    const [id] = /[^/]+(?=-\d+\.)/.exec(to)!;
    const under = (this.#copying.get(id) ?? 0) + 1;
    this.#copying.set(id, under);
    this.mostCopies = Math.max(this.mostCopies, under);
    const { schedule } = this;
    const fate = schedule.random();
    const lost = () => new ChatArchiveError("storage_unavailable", "the answer is lost");
    // Some kinds of schedules are about answers that are lost.
    const good = [2, 3].includes(this.seed % KINDS.length) ? 0.3 : 0.6;
    const copied = await schedule.step(task, fate < good ? "copy" : "copy, lost", async () => {
      if (fate < good) return await bucket.copy(from, to, type);
      if (fate < good + 0.1) await bucket.copy(from, to, type);
      if (fate > good + 0.2) await this.#landLate(task, from, to, type);
      return undefined;
    });
    if (copied === undefined && this.holes.repeatsCopies) {
      return await schedule.step(task, "copy again", () => bucket.copy(from, to, type));
    }
    this.#copying.set(id, (this.#copying.get(id) ?? 1) - 1);
    if (copied === undefined) throw lost();
    return copied;
  }

  /** A copy that the bucket makes later, of what it has read by now or reads then. */
  async #landLate(task: string, from: string, to: string, type: string): Promise<void> {
    const read = this.schedule.random() < 0.5 ? await bucket.bytes(from) : null;
    const body = read && await new Blob(read as Uint8Array<ArrayBuffer>[]).bytes();
    const name = `${this.schedule.pick(["late", "latest"])} copy of ${task}`;
    this.schedule.begin(name, () =>
      this.schedule.step(name, "lands", async () => {
        if (body) await bucket.put({ key: to, body, size: body.length, contentType: type });
        else await bucket.copy(from, to, type);
      }));
  }

  /** Has a worker lately found that the bucket is the database's? */
  #mayDelete = (task: string) => async () => {
    const last = await lastVerdict(this.admin(task), bucket, identity.project);
    return last?.verdict === "same" && last.isRecent;
  };

  async presign(task: string): Promise<void> {
    const request = PresignUploadRequest.parse({
      chat_id: this.chat_id,
      files: this.files.map(factsOf),
    });
    await presignUpload(request, {
      db: this.db(task),
      store: bucket,
      settings,
      now: Date.now,
    }).then(
      ({ body }) => {
        for (const { id, url } of body.uploads) {
          this.incoming.set(id, new URL(url).pathname.split("/chat-archive/")[1]!);
        }
      },
      // The chat may be gone, or a file be stored.
      (error) => assertEquals(error.code === "not_found" || error.code === "conflict", true),
    );
  }

  /** Whoever holds a URL sends what they like. @param right the bytes that were announced */
  async put(task: string, { id, bytes }: World["files"][number], right: boolean): Promise<void> {
    const key = this.incoming.get(id);
    if (key === undefined) return;
    const body = right ? bytes : bytes.map((byte) => byte ^ 255);
    await this.schedule.step(task, right ? "put" : "put other bytes", async () => {
      await bucket.put({ key, body, size: body.length, contentType: "image/png" });
    });
  }

  async confirm(task: string): Promise<void> {
    const ids = this.files.filter(() => this.schedule.random() < 0.8).map(({ id }) => id);
    if (ids.length === 0) return;
    const ports = { db: this.db(task), admin: this.admin(task), maxBytes: 1e6 };
    const store = deletingOnceChecked(this.store(task), this.#mayDelete(task));
    await confirmUpload({ ids }, { ...ports, store }).catch((error) => {
      assert(["storage_unavailable", "not_found"].includes(error.code), error);
    });
  }

  async deleteChat(task: string): Promise<void> {
    await deleteChat({ chat_id: this.chat_id }, {
      db: this.db(task),
      admin: this.admin(task),
      store: this.store(task),
      mayDelete: this.#mayDelete(task),
      budget: 20_000,
    }).catch(({ code }) => assertEquals(code, "not_found"));
  }

  async sweep(task: string): Promise<void> {
    const { list, deleteMany } = this.store(task);
    const { body } = await runWorker({ list, deleteMany }, { admin: this.admin(task) });
    assertEquals(body.bucket, this.isRestored ? "restored" : undefined);
  }

  /** Rows that hold a file go, as a client deletes them. */
  async deleteFile(task: string, { id, kind }: World["files"][number]): Promise<void> {
    const table = kind === "document" ? "chat_documents" : "chat_images";
    await this.db(task).from(table as "chat_images").delete().eq("id", id);
  }

  async deleteUser(task: string): Promise<void> {
    await this.schedule.step(
      task,
      "delete the user",
      () => sql`delete from auth.users where id = ${this.user.id}`,
    );
  }

  /** An hour passes for the user's rows: URLs die, attempts are due, leases end. */
  async hour(task: string): Promise<void> {
    await this.schedule.step(task, "an hour passes", () => moveOn([this.user], 61));
    this.#hours++;
    this.#copying.clear();
  }

  /** The database is backed up and, some time later, restored. The bucket is not. */
  async restore(task: string): Promise<void> {
    const { schedule } = this;
    const backup = await schedule.step(task, "backs up", async () => ({
      rows: await backUpRows(sql, this.user.id),
      live: await filesOf(this),
      hours: this.#hours,
    }));
    const later = `late task after ${task}`;
    schedule.begin(later, () =>
      schedule.step(later, "restores", async () => {
        if (!this.before) await this.#restoreTo(backup);
      }));
  }

  async #restoreTo({ rows, live, hours }: Backup): Promise<void> {
    // A worker has run since the backup: it does each minute.
    assertEquals((await runWorker()).body.bucket, undefined);
    // Whoever works on the database has lost it. What the bucket was asked for goes on.
    this.schedule.interrupt((task, step) => step === "begins" || / copy of /.test(task));
    this.#copying.clear();
    this.before = {
      keys: await keysBelow(`${this.user.id}/`),
      live: await filesOf(this),
    };
    const counted = await countedRuns();
    await rows.restore();
    this.isRestored = await countedRuns() < counted;
    // What nobody notices has lost nothing.
    if (!this.isRestored) assertEquals(this.before.live, live);
    await moveOn([this.user], 61 * (this.#hours - hours));
  }

  /** An operator says that the restored database is the truth, and the worker goes on. */
  async accept(): Promise<void> {
    this.isRestored = false;
    const { accepted, verdict } = await acceptRestore({ accept_restore: "apply" }, identity);
    assertEquals([accepted, verdict], [true, "bucket_ahead"]);
    assertEquals((await runWorker()).body.bucket, undefined);
  }
}

/** Moves the clocks of users' rows, by minutes. */
async function moveOn(users: User[], minutes: number): Promise<void> {
  const ids = users.map(({ id }) => id);
  const time = sql`make_interval(mins => ${minutes})`;
  await sql`
    update uploads set expires_at = expires_at - ${time} where user_id = any(${ids})`;
  await sql`
    update storage_deletions
    set not_before = not_before - ${time}, created_at = created_at - ${time},
        locked_until = locked_until - ${time}
    where user_id = any(${ids}) and done_at is null`;
}

const DAY = 24 * 60;

const EVENTS: Record<string, (world: World, task: string) => Promise<unknown>> = {
  put: (world, task) => world.put(task, world.schedule.pick(world.files), true),
  swap: (world, task) => world.put(task, world.schedule.pick(world.files), false),
  confirm: (world, task) => world.confirm(task),
  pausedConfirm: (world, task) => world.pause(task, "rpc/settle_confirm").confirm(task),
  sweep: (world, task) => world.sweep(task),
  pausedSweep: (world, task) => world.pause(task, "delete").sweep(task),
  hour: (world, task) => world.hour(task),
  presign: (world, task) => world.presign(task),
  deleteChat: (world, task) => world.deleteChat(task),
  deleteFile: (world, task) => world.deleteFile(task, world.schedule.pick(world.files)),
  deleteUser: (world, task) => world.deleteUser(task),
  restore: (world, task) => world.restore(task),
};

/** What may happen, as often as it is named beside the others, and how late. Each seed has the next kind. */
const KINDS: string[][] = [
  "put put swap swap confirm confirm confirm sweep sweep hour presign deleteChat deleteFile " +
  "deleteUser restore",
  "confirm pausedConfirm pausedConfirm hour sweep pausedSweep",
  "confirm swap late/swap late/swap deleteFile",
  "confirm confirm deleteChat late/deleteChat late/deleteChat late/deleteChat",
  "confirm swap sweep deleteFile restore restore latest/confirm latest/sweep latest/deleteChat latest/hour",
].map((kind) => kind.split(" "));

/** How many runs of the worker have counted, as the database knows it. */
async function countedRuns(): Promise<bigint> {
  const [row] = await sql<[{ runs: string }]>`select runs from private.bucket_counter`;
  return BigInt(row.runs);
}

/** The files of rows. Their hashes are those that were announced. */
async function filesOf(world: World): Promise<File[]> {
  const rows = await sql<{ id: string; s3_path: string; sha256: string }[]>`
      select id, s3_path, sha256 from chat_images where user_id = ${world.user.id}
      union all
      select id, s3_path, sha256 from chat_documents where user_id = ${world.user.id}
      order by s3_path`;
  for (const { id, s3_path, sha256: stored } of rows) {
    assertEquals(stored, sha256(world.files.find((file) => file.id === id)!.bytes), s3_path);
  }
  return rows.map(({ s3_path, sha256 }) => [s3_path, sha256]);
}

/** The bytes of files are there. */
async function checkBytes(files: File[]): Promise<void> {
  for (const [key, hash] of files) {
    const object = await bucket.get(key);
    assert(object, `the bytes of ${key} are gone`);
    assertEquals(sha256(await new Response(object.body).bytes()), hash, key);
  }
}

/** Every row has its bytes, but for what was gone when the database was restored. @returns their keys */
async function checkRows(world: World): Promise<string[]> {
  const files = await filesOf(world);
  await checkBytes(
    files.filter(([key]) => !world.before || world.before.keys.includes(key)),
  );
  return files.map(([key]) => key);
}

/** What lies in the bucket is named by a row, an open reservation or an entry that will be swept. */
async function checkObjects(world: World, named: string[]): Promise<void> {
  const others = await sql<{ target: string }[]>`
      select target from storage_deletions where user_id = ${world.user.id} and done_at is null
      union all
      select incoming_path from uploads where user_id = ${world.user.id} and status = 'reserved'`;
  const targets = [...named, ...others.map(({ target }) => target)];
  for (const key of await keysBelow(`${world.user.id}/`)) {
    assert(
      targets.some((target) => key === target || key.startsWith(target)),
      `${key} is an orphan`,
    );
  }
}

/** Plays one schedule. @throws with the seed and what was done, where something is wrong */
async function play(seed: number, holes: Holes = {}): Promise<World> {
  const schedule = new Schedule(seed, 0.01);
  const user = await signUp();
  const world = new World(seed, schedule, user, await user.createChat(), holes);
  // The worker has just run.
  assertEquals((await checkBucket(identity)).verdict, "same");
  try {
    const first = new Schedule(seed);
    const setUp = new World(seed, first, user, world.chat_id, holes);
    setUp.files.splice(0, Infinity, ...world.files);
    first.begin("presign", () => setUp.presign("presign"));
    await first.run();
    for (const [id, key] of setUp.incoming) world.incoming.set(id, key);

    for (const file of world.files.filter(() => schedule.random() < 0.8)) {
      const key = world.incoming.get(file.id)!;
      const { bytes: body, content_type: contentType } = file;
      await bucket.put({ key, body, size: body.length, contentType });
    }
    const count = 3 + Math.floor(schedule.random() * 8);
    for (let n = 0; n < count; n++) {
      const [name, rank] = schedule.pick(KINDS[seed % KINDS.length]!).split("/").toReversed();
      const event = EVENTS[name!]!;
      const task = `${rank ?? ""} task ${n}`.trim();
      // None begins before its turn: the order of beginnings is the seed's, too.
      schedule.begin(
        task,
        () => schedule.step(task, "begins", () => Promise.resolve()).then(() => event(world, task)),
      );
    }
    await schedule.run();
    assert(world.mostCopies <= 2, `${world.mostCopies} copies of one file at once`);
    if (world.before) {
      await checkBytes(world.before.live);
      if (world.isRestored) await world.accept();
      await checkRows(world);
    } else {
      await checkObjects(world, await checkRows(world));
    }
    // What is left to sweep waits, so that it does not change what the next seed does.
    await moveOn([user], -DAY);
    return world;
  } catch (error) {
    if (world.isRestored) await world.accept();
    // Nothing of it is left for the workers of other tests.
    await sql`
      update storage_deletions set done_at = now() where user_id = ${user.id} and done_at is null`;
    throw new Error(`seed ${seed}:\n${schedule.log.join("\n")}`, { cause: error });
  }
}

/**
 * Lets days pass until nothing is left to sweep: rows have their objects then, and there are no others.
 * Twice, because what a URL or an attempt could bring is swept again a day later.
 */
async function finish(...worlds: World[]): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await moveOn(worlds.map(({ user }) => user), 3 * DAY);
    await runWorker();
  }
  for (const world of worlds) {
    const log = `seed ${world.seed}:\n${world.schedule.log.join("\n")}`;
    const keys = await keysBelow(`${world.user.id}/`);
    const named = await checkRows(world);
    if (world.before) {
      // What a restored database does not know is for reconcile and an operator to decide.
      await bucket.deleteMany(keys.filter((key) => !named.includes(key)));
    } else {
      assertEquals(keys.toSorted(), named.toSorted(), log);
    }
  }
}

/** Schedules whose rest is swept together. */
const GROUP = 20;

Deno.test(`${COUNT} random schedules: rows have their bytes, and nothing else is left`, async () => {
  const seeds = Array.from({ length: COUNT }, (_, n) => FIRST_SEED + n);
  for (const group of chunked(seeds, GROUP)) {
    const worlds: World[] = [];
    for (const seed of group) worlds.push(await play(seed));
    await finish(...worlds);
  }
});

/** Changes a function of the schema while something runs. */
async function withFunction(
  name: string,
  change: (definition: string) => string,
  work: () => Promise<void>,
): Promise<void> {
  const [{ definition }] = await sql<[{ definition: string }]>`
    select pg_get_functiondef(${name}::regproc) as definition`;
  const changed = change(definition);
  assert(changed !== definition, `${name} is another one by now`);
  await sql.unsafe(changed);
  try {
    await work();
  } finally {
    await sql.unsafe(definition);
  }
}

/** A hole that the protocol has closed, put back alone, and the first seed that finds it. */
const HOLES: [
  what: string,
  seed: number,
  within: (work: () => Promise<void>) => Promise<void>,
  Holes?,
][] = [
  [
    "a confirm that is paused between the worker's look and its delete",
    391,
    (work) =>
      withFunction(
        "public.confirm_uploads",
        (sql) =>
          sql.replace(/ and d\.locked_until is null[\s\S]*?not_before > clock_timestamp\(\)/, ""),
        work,
      ),
  ],
  [
    "a copy that is sent again, and whose first request lands late",
    12,
    (work) => work(),
    { repeatsCopies: true },
  ],
  [
    "an attempt's entry that delete-chat takes before its time",
    473,
    (work) =>
      withFunction(
        "public.begin_confirm",
        (sql) =>
          sql.replace("returning u.id, u.user_id,", "returning u.id, u.chat_id, u.user_id,")
            .replace("(user_id, target,", "(chat_id, user_id, target,")
            .replace("select b.user_id,", "select b.chat_id, b.user_id,"),
        work,
      ),
  ],
  [
    "any number of confirms of one reservation at once",
    212,
    (work) =>
      withFunction("public.begin_confirm", (sql) => sql.replace(/\) < 2\b/, ") < 1000"), work),
  ],
];

/** How many seeds are tried where the first one that finds a hole is looked for. */
const SEARCH = Number(Deno.env.get("UPLOAD_HOLE_SEEDS") ?? 1);

for (const [what, seed, within, holes] of HOLES) {
  Deno.test(`a schedule finds ${what}`, async () => {
    const found: string[] = [];
    await within(async () => {
      for (let n = 0; n < SEARCH && found.length === 0; n++) {
        await play(seed + n, holes).then(finish).catch(({ cause }) =>
          found.push(`seed ${seed + n}: ${cause ?? "left over"}`)
        );
      }
    });
    console.log(found.join());
    assertEquals(found.length, 1, "no seed has found it");
  });
}
