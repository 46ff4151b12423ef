/** The bucket and its database know each other: whatever does not fit, nothing is deleted. */
import postgres from "postgres";
import { ChatArchiveError } from "@shared/errors.ts";
import { startStack } from "../../stack/stack.ts";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import {
  bucketName,
  checkBucket,
  countRun,
  type IdentityPorts,
  type Verdict,
} from "../../supabase/functions/_shared/bucket_identity.ts";
import { MARKER_KEY } from "../../supabase/functions/_shared/bucket_marker.ts";
import type { NewObject, ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { projectAddress } from "../../supabase/functions/_shared/project_address.ts";
import { lastVerdict } from "../../supabase/functions/_shared/recent_check.ts";
import { storageCleanup } from "../../supabase/functions/storage-cleanup/handler.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { cleanup } from "../support/deletion.ts";
import { image, uploadAll } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const PROJECT = "https://one.supabase.co";

/** A bucket in memory, as far as checks use one. */
function memoryBucket(name: string = crypto.randomUUID()) {
  const objects = new Map<string, NewObject>();
  const store = {
    address: (key: string) => `https://${name}.example/${key}`,
    get: (key: string) => {
      const object = objects.get(key);
      if (!object) return Promise.resolve(null);
      const { body, size, contentType } = object;
      return Promise.resolve({ body: new Response(body).body!, size, contentType, etag: "" });
    },
    put: (object: NewObject) => {
      objects.set(object.key, object);
      return Promise.resolve("");
    },
    dropOldVersions: () => Promise.resolve(),
    keysPerBatch: () => Promise.resolve(1000),
    async *list() {},
    deleteMany: (keys: string[]) => {
      for (const key of keys) objects.delete(key);
      return Promise.resolve([]);
    },
  };
  const marker = () =>
    JSON.parse(new TextDecoder().decode(objects.get(MARKER_KEY)?.body as Uint8Array));
  const setMarker = (text: string) => {
    const body = new TextEncoder().encode(text);
    objects.set(MARKER_KEY, { key: MARKER_KEY, body, size: body.length, contentType: "x" });
  };
  return { store, objects, marker, setMarker };
}

Deno.test("an address on loopback tells no project from another", () => {
  for (const url of ["http://127.0.0.1:54321", "http://localhost:1", "http://[::1]:2", undefined]) {
    assertEquals(projectAddress(url), "");
  }
  assertEquals(projectAddress("https://ref.supabase.co/"), "https://ref.supabase.co");
  assertEquals(projectAddress("http://kong:8000"), "http://kong:8000");
});

Deno.test("a database and its buckets", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-identity-" });
  const own = await startStack({
    port: 0,
    dbPort: 0,
    dataDir,
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    env: {},
    worker: false,
    print: () => {},
  });
  const { status } = own;
  const admin = workerClient(status);
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  const portsOf = (store: IdentityPorts["store"], project = PROJECT): IdentityPorts => ({
    admin,
    store,
    project,
    contentType: "image/png",
  });
  const verdictOn = async (store: IdentityPorts["store"], project?: string) =>
    (await checkBucket(portsOf(store, project))).verdict;
  const counter = async () =>
    Number((await sql`select runs from private.bucket_counter`)[0]!["runs"]);
  const setCounter = (runs: number) => sql`update private.bucket_counter set runs = ${runs}`;
  const run = async (store: ObjectStore | ReturnType<typeof memoryBucket>["store"] | null) => {
    const { body } = await storageCleanup({ limit: 1000 }, {
      admin,
      store,
      settings: { messageStreamTimeout: 900 },
      log: () => {},
      budget: 10_000,
      project: PROJECT,
      contentType: "image/png",
    });
    if (!("claimed" in body)) throw new Error("this is no report of a run");
    return body;
  };
  /** Something that is due. @returns whether it is done */
  const enqueue = async () => {
    const user_id = crypto.randomUUID();
    const [row] = await sql`
      insert into storage_deletions (user_id, target, reason)
      values (${user_id}, ${`${user_id}/${crypto.randomUUID()}/images/${user_id}.png`}, 'orphan')
      returning id`;
    return async () =>
      (await sql`select done_at is not null as done from storage_deletions where id = ${
        row!["id"]
      }`)[0]![
        "done"
      ] as boolean;
  };

  try {
    await t.step("the first run ever: the bucket becomes this database's", async () => {
      const { store, marker, objects } = memoryBucket();
      assertEquals(await counter(), 0);
      assertEquals(await verdictOn(store), "same");
      const { project, database, runs } = marker();
      assertEquals([project, runs, objects.get(MARKER_KEY)!.contentType], [
        PROJECT,
        0,
        "image/png",
      ]);
      const [id] = await sql`select (pg_control_system()).system_identifier::text as id`;
      assertEquals(database.split("/")[0], id!["id"]);
    });

    await t.step("the first two runs at once: no alarm", async () => {
      for (let round = 0; round < 10; round++) {
        await setCounter(0);
        const { store } = memoryBucket();
        const verdicts = await Promise.all(Array.from({ length: 4 }, async () => {
          const check = await checkBucket(portsOf(store));
          await countRun(portsOf(store), check.here);
          return check.verdict;
        }));
        assertEquals(verdicts, ["same", "same", "same", "same"]);
        assertEquals(await verdictOn(store), "same");
      }
    });

    await t.step("an idle run counts nothing; one that deletes counts once, before", async () => {
      const { store, marker } = memoryBucket();
      await setCounter(0);
      await run(store);
      const before = await counter();
      await run(store);
      assertEquals(await counter(), before);
      const isDone = await enqueue();
      let seen: unknown;
      await run({
        ...store,
        deleteMany: async (keys) => {
          seen = [await counter(), marker().runs];
          return await store.deleteMany(keys);
        },
      });
      assertEquals([seen, await isDone()], [[before + 1, before + 1], true]);
    });

    const known = memoryBucket();
    await setCounter(0);
    await run(known.store);
    await setCounter(5);
    await countRun(portsOf(known.store), (await checkBucket(portsOf(known.store))).here);
    const good = JSON.stringify(known.marker());

    await t.step("killed between the two steps of counting: no alarm", async () => {
      await setCounter(7);
      assertEquals([known.marker().runs, await verdictOn(known.store)], [6, "same"]);
      await setCounter(6);
    });

    const wrong: [string, Verdict, () => void | Promise<unknown>][] = [
      [
        "an emptied bucket, or a wrong one",
        "no_marker",
        () => void known.objects.delete(MARKER_KEY),
      ],
      ["restored to before", "bucket_ahead", () => setCounter(5)],
      ["restored to before the first run", "bucket_ahead", () => setCounter(0)],
      [
        "another project's bucket",
        "other_identity",
        () => known.setMarker(good.replace(PROJECT, "https://two.supabase.co")),
      ],
      [
        "restored into another cluster",
        "other_identity",
        () => known.setMarker(good.replace(/"database":"\d+/, '"database":"1')),
      ],
      [
        "a copy within the cluster",
        "other_identity",
        () => known.setMarker(good.replace(/\/\d+"/, '/1"')),
      ],
      ["something else at the marker's key", "other_identity", () => known.setMarker("%PDF-1.7")],
      ["a marker of another form", "other_identity", () => known.setMarker("[]")],
      [
        "a marker without a number",
        "other_identity",
        () => known.setMarker(good.replace(/"runs":6/, '"runs":"6"')),
      ],
    ];
    for (const [what, verdict, spoil] of wrong) {
      await t.step(`${what}: ${verdict}, and nothing is deleted until it is accepted`, async () => {
        await spoil();
        const isDone = await enqueue();
        const refused = await run({
          ...known.store,
          deleteMany: () => {
            throw new Error("nothing may be deleted");
          },
        });
        assertEquals([refused.bucket, refused.claimed, await isDone()], ["restored", 0, false]);
        const last = await lastVerdict(admin, known.store, PROJECT);
        assertEquals(last!.verdict, verdict);

        const ports = {
          ...portsOf(known.store),
          store: known.store,
          settings: { messageStreamTimeout: 900 },
          log: () => {},
          budget: 1000,
        };
        await assertRejects(
          () => storageCleanup({ limit: 1, reconcile: "apply", expected: 0 }, ports),
          Error,
          "accept the restore first",
        );
        const { body: told } = await storageCleanup({ limit: 1, accept_restore: "dry-run" }, ports);
        assertEquals("verdict" in told && [told.verdict, told.accepted], [verdict, false]);
        assertEquals((await run(known.store)).bucket, "restored", "a dry run accepts nothing");
        const { body } = await storageCleanup({ limit: 1, accept_restore: "apply" }, ports);
        assertEquals("verdict" in body && body.accepted, true);
        assertEquals([(await run(known.store)).bucket, await isDone()], [undefined, true]);
        known.setMarker(good);
        await setCounter(6);
      });
    }

    await t.step(
      "the bucket does not answer: nothing is claimed, and nothing recorded",
      async () => {
        const isDone = await enqueue();
        const silent = () => Promise.reject(new ChatArchiveError("storage_unavailable", "no"));
        for (const failing of [{ get: silent }, { put: silent }]) {
          const { bucket, claimed, failed } = await run({ ...known.store, ...failing });
          assertEquals([bucket, claimed, failed], ["unreachable", 0, 0]);
        }
        const [left] = await sql`select max(attempts)::int as attempts,
          count(locked_until)::int as leased from storage_deletions where done_at is null`;
        assertEquals([left!["attempts"], left!["leased"]], [0, 0]);
        assertEquals([(await run(known.store)).bucket, await isDone()], [undefined, true]);
      },
    );

    await t.step("without a bucket: everything waits, and nobody is alarmed", async () => {
      const isDone = await enqueue();
      const { bucket, claimed } = await run(null);
      assertEquals([bucket, claimed, await isDone()], [undefined, 0, false]);
      await run(known.store);
      assertEquals(await isDone(), true);
    });

    await t.step("a check that came with a dump, a copy or a restart does not count", async () => {
      const { store } = known;
      const last = () => lastVerdict(admin, store, PROJECT);
      const checked = async () => {
        await verdictOn(store);
        assertEquals((await last())?.isRecent, true);
      };
      await checked();
      assertEquals(await lastVerdict(admin, store, "https://two.supabase.co"), undefined);
      assertEquals(await lastVerdict(admin, memoryBucket().store, PROJECT), undefined);
      const name = bucketName(store);
      // What a dump does.
      await sql.begin(async (tx) => {
        await tx`create temporary table dumped on commit drop as select * from private.bucket_checks`;
        await tx`delete from private.bucket_checks`;
        await tx`insert into private.bucket_checks select * from dumped`;
      });
      assertEquals(await last(), undefined);
      await checked();
      for (
        const change of [
          sql`server_started_at = server_started_at - interval '1 second'`,
          sql`database_id = '1/1'`,
        ]
      ) {
        await sql`update private.bucket_checks
          set written_by = pg_current_xact_id(), ${change} where bucket = ${name}`;
        assertEquals(await last(), undefined);
        await checked();
      }
      await sql`update private.bucket_checks set written_by = pg_current_xact_id(),
        checked_at = now() - interval '5 minutes 1 second' where bucket = ${name}`;
      assertEquals((await last())?.isRecent, false);
    });

    await t.step(
      "functions delete at once only after a fresh check; else the worker does",
      async () => {
        const user = await signUp(status);
        const objects = operatorBucket(status);
        const left = async (prefix: string) =>
          (await Array.fromAsync(objects.list(prefix))).flat().length;
        const chat = async () => {
          const chat_id = await user.createChat();
          await uploadAll(user, chat_id, [image()]);
          return chat_id;
        };
        // The stack's own worker checks each minute.
        const outdate = () =>
          sql`update private.bucket_checks set written_by = pg_current_xact_id(),
            checked_at = now() - interval '5 minutes 1 second'`;
        await outdate();
        const late = await chat();
        const incoming = await left(`${user.id}/${late}/incoming/`);
        assertEquals(incoming, 1, "confirm leaves it to the queue");
        await outdate();
        const { status: code, body } = await user.call("delete-chat", { chat_id: late });
        assertEquals([code, body.deletions[0].status], [202, "pending"]);
        assertEquals(await left(`${user.id}/${late}/images/`), 1);
        // The embedded bucket's own marker is of the stack's start, when nothing had been counted.
        await cleanup({ accept_restore: "apply" }, status);
        await cleanup({}, status);
        assertEquals(await left(`${user.id}/${late}/`), 0);

        const prompt = await chat();
        assertEquals(await left(`${user.id}/${prompt}/incoming/`), 0);
        const again = await user.call("delete-chat", { chat_id: prompt });
        assertEquals([again.status, again.body.deletions[0].status], [200, "done"]);
      },
    );
  } finally {
    await sql.end();
    await own.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
