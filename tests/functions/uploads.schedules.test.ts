/**
 * Random schedules of all that can happen to uploads at the same time, over the real handlers, database
 * and bucket: hostile PUTs, confirms, copies whose answers are lost and that land late, deletions, workers,
 * hours that pass, and processes that are killed. After each, every row has the bytes of its hash, and
 * nothing lies in the bucket that nothing names.
 *
 *   UPLOAD_SCHEDULES=20000   how many; a few hundred by default
 *   UPLOAD_SEED=123          the first seed
 */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import type { Database } from "@shared/database.types.ts";
import { chunked } from "@shared/async.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { assert, assertEquals } from "@std/assert";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { confirmUpload } from "../../supabase/functions/confirm-upload/handler.ts";
import { deleteChat } from "../../supabase/functions/delete-chat/handler.ts";
import { presignUpload } from "../../supabase/functions/presign-upload/handler.ts";
import { runWorker } from "../support/deletion.ts";
import { document, factsOf, image, sha256, type TestFile } from "../support/files.ts";
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

/** What is done otherwise than in the product, to see that a schedule finds it. */
interface Holes {
  /** A copy is sent again where its answer is lost, as the SDK would. */
  repeatsCopies?: boolean;
}

/** One user with one chat and some files, and what may happen to them. */
class World {
  readonly files: (TestFile & { id: string })[];
  /** Of the URLs that were given out and live, by file. */
  readonly incoming = new Map<string, string>();
  #copying = new Map<string, number>();
  /** Most copies of one file that were under way within an hour. */
  mostCopies = 0;

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

  /** A client whose every request waits for the task's turn. */
  #client(task: string, key: string, token?: string): ArchiveClient {
    const gated: typeof fetch = (input, init) =>
      this.schedule.step(task, new URL(input as string).pathname.slice(9), async () => {
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
    const step = <T>(name: string, work: () => Promise<T>) => this.schedule.step(task, name, work);
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
    const good = this.seed % KINDS.length < 2 ? 0.6 : 0.3;
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
    const name = `late copy of ${task}`;
    this.schedule.begin(name, () =>
      this.schedule.step(name, "lands", async () => {
        if (body) await bucket.put({ key: to, body, size: body.length, contentType: type });
        else await bucket.copy(from, to, type);
      }));
  }

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
    await confirmUpload({ ids }, { ...ports, store: this.store(task) }).catch((error) => {
      assert(["storage_unavailable", "not_found"].includes(error.code), error);
    });
  }

  async deleteChat(task: string): Promise<void> {
    await deleteChat({ chat_id: this.chat_id }, {
      db: this.db(task),
      admin: this.admin(task),
      store: this.store(task),
      mayDelete: () => Promise.resolve(true),
      budget: 20_000,
    }).catch(({ code }) => assertEquals(code, "not_found"));
  }

  async sweep(task: string): Promise<void> {
    const { list, deleteMany } = this.store(task);
    await runWorker({ list, deleteMany }, { admin: this.admin(task) });
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
    await this.schedule.step(task, "an hour passes", () => moveOn([this.user], "61 minutes"));
    this.#copying.clear();
  }
}

/** Moves the clocks of users' rows. */
async function moveOn(users: User[], time: string): Promise<void> {
  const ids = users.map(({ id }) => id);
  await sql`
    update uploads set expires_at = expires_at - ${time}::interval where user_id = any(${ids})`;
  await sql`
    update storage_deletions
    set not_before = not_before - ${time}::interval, created_at = created_at - ${time}::interval,
        locked_until = locked_until - ${time}::interval
    where user_id = any(${ids}) and done_at is null`;
}

const EVENTS: Record<string, (world: World, task: string) => Promise<unknown>> = {
  put: (world, task) => world.put(task, world.schedule.pick(world.files), true),
  lateSwap: (world, task) => world.put(task, world.schedule.pick(world.files), false),
  swap: (world, task) => world.put(task, world.schedule.pick(world.files), false),
  confirm: (world, task) => world.confirm(task),
  sweep: (world, task) => world.sweep(task),
  hour: (world, task) => world.hour(task),
  presign: (world, task) => world.presign(task),
  deleteChat: (world, task) => world.deleteChat(task),
  deleteFile: (world, task) => world.deleteFile(task, world.schedule.pick(world.files)),
  deleteUser: (world, task) => world.deleteUser(task),
};

/** What may happen, as often as it is named beside the others. Every fourth seed has the same kind. */
const KINDS: string[] = [
  "put put swap swap confirm confirm confirm sweep sweep hour presign deleteChat deleteFile deleteUser",
  "confirm confirm confirm hour sweep sweep",
  "confirm swap lateSwap lateSwap deleteFile",
  "confirm deleteChat deleteChat",
];

/** Every row has the bytes of its hash, which is the one that was announced. @returns their keys */
async function checkRows(world: World): Promise<string[]> {
  const rows = await sql<{ id: string; s3_path: string; sha256: string }[]>`
      select id, s3_path, sha256 from chat_images where user_id = ${world.user.id}
      union all
      select id, s3_path, sha256 from chat_documents where user_id = ${world.user.id}`;
  for (const { id, s3_path, sha256: stored } of rows) {
    const bytes = await bucket.bytes(s3_path);
    assert(bytes, `the bytes of ${s3_path} are gone`);
    const hash = sha256(await new Blob(bytes as Uint8Array<ArrayBuffer>[]).bytes());
    const announced = sha256(world.files.find((file) => file.id === id)!.bytes);
    assertEquals([hash, stored], [announced, announced], s3_path);
  }
  return rows.map(({ s3_path }) => s3_path);
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
    const events = KINDS[seed % KINDS.length]!.split(" ");
    const count = 3 + Math.floor(schedule.random() * 8);
    for (let n = 0; n < count; n++) {
      const name = schedule.pick(events);
      const event = EVENTS[name]!;
      const task = name.startsWith("late") ? `late task ${n}` : `task ${n}`;
      // None begins before its turn: the order of beginnings is the seed's, too.
      schedule.begin(
        task,
        () => schedule.step(task, "begins", () => Promise.resolve()).then(() => event(world, task)),
      );
    }
    await schedule.run();
    assert(world.mostCopies <= 2, `${world.mostCopies} copies of one file at once`);
    await checkObjects(world, await checkRows(world));
    // What is left to sweep waits, so that it does not change what the next seed does.
    await moveOn([user], "-1 day");
    return world;
  } catch (error) {
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
    await moveOn(worlds.map(({ user }) => user), "3 days");
    await runWorker();
  }
  for (const world of worlds) {
    const log = `seed ${world.seed}:\n${world.schedule.log.join("\n")}`;
    const keys = await keysBelow(`${world.user.id}/`);
    assertEquals(keys.toSorted(), (await checkRows(world)).toSorted(), log);
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
    93,
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
    114,
    (work) => work(),
    { repeatsCopies: true },
  ],
  [
    "any number of confirms of one reservation at once",
    1,
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
