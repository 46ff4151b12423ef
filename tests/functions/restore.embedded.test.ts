/** A drill: the database is restored to before, or runs a second time as a copy, and the bucket is not. */
import { join } from "node:path";
import postgres from "postgres";
import type { StackStatus } from "../../stack/status_file.ts";
import { reconcile } from "../../supabase/functions/storage-cleanup/reconcile.ts";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient, workerClient } from "../support/api_client.ts";
import { removeDataFolder } from "../support/data_folder.ts";
import { backUpDatabase } from "../support/database_backup.ts";
import { cleanup } from "../support/deletion.ts";
import { image, put, reserve, uploadAll } from "../support/files.ts";
import { startStackProcess } from "../support/stack_process.ts";
import { exported, run } from "../support/storage_command.ts";
import { post, request, signUp, type User } from "../support/users.ts";

/** The same user, on the same database behind another address. */
async function signIn({ email, password }: User, status: StackStatus) {
  const client = apiClient({ url: status.API_URL, key: status.PUBLISHABLE_KEY });
  const { data, error } = await client.auth.signInWithPassword({ email, password });
  assert(data.session, error?.message);
  const token = data.session.access_token;
  return { client, call: (name: string, body: unknown) => post(name, body, token, status) };
}

/** All URLs are dead, and everything in the outbox is due. */
async function passTime({ DB_URL }: StackStatus) {
  const sql = postgres(DB_URL, { max: 1, onnotice: () => {} });
  await sql`update uploads set expires_at = expires_at - interval '3 hours'`;
  await sql`update storage_deletions set not_before = now(), locked_until = null where done_at is null`;
  await sql.end();
}

const keysOf = async (status: StackStatus) =>
  new Set(
    (await Array.fromAsync(operatorBucket(status).list(""))).flat().map(({ key }) => key),
  );

/** What reconcile says of objects and rows of any age. */
const compare = (status: StackStatus) =>
  reconcile({ reconcile: "dry-run" }, {
    admin: workerClient(status),
    store: operatorBucket(status),
    project: "",
    contentType: "application/pdf",
    deadline: performance.now() + 10_000,
    grace: 0,
  });

const fresh = async (user: User, chat_id: string, count: number) =>
  await uploadAll(user, chat_id, Array.from({ length: count }, (_, n) => image(`${n}.png`, n)));

Deno.test("a restore, with everything that was added and deleted since", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-restore-" });
  const copyDir = await Deno.makeTempDir({ prefix: "chat-archive-copy-" });
  try {
    // Before the backup: three chats with images, and one upload that is on its way.
    const first = await startStackProcess({ dataDir });
    const prepare = async ({ status }: typeof first) => {
      const user = await signUp(status);
      const chats = {
        kept: await user.createChat("kept"),
        doomed: await user.createChat("doomed"),
        extended: await user.createChat("extended"),
      };
      const [stays, goes] = await fresh(user, chats.kept, 2);
      await fresh(user, chats.doomed, 2);
      await fresh(user, chats.extended, 1);
      const [underway] = await reserve(user, chats.kept, [image("underway.png", 9)]);
      assertEquals(await put(underway!, image("underway.png", 9).bytes), 200);
      assertEquals((await cleanup({}, status)).body.bucket, undefined);
      return { user, ...chats, stays, goes, underway };
    };
    const { user, kept, doomed, extended, stays, goes, underway } = await prepare(first)
      .finally(() => first[Symbol.asyncDispose]());
    await using backup = await backUpDatabase(dataDir);

    /** Keys that rows name when the database is lost. */
    let live: string[] = [];
    let added = "";
    const lost: string[] = [];
    {
      await using present = await startStackProcess({ dataDir });
      const { status } = present;
      const { client, call } = await signIn(user, status);
      const me: User = { ...user, client, call };
      assertEquals((await call("confirm-upload", { ids: [underway!.id] })).body.images.length, 1);
      const { data: chat } = await client.from("chats").insert({ title: "added" }).select("id")
        .single();
      added = chat!.id;
      await fresh(me, added, 1);
      await fresh(me, extended, 2);
      const { data: gone } = await client.from("chat_images").delete().eq("id", goes!)
        .select("s3_path");
      lost.push(gone![0]!.s3_path);
      const { data: theirs } = await client.from("chat_images").select("s3_path").eq(
        "chat_id",
        doomed,
      );
      lost.push(...theirs!.map(({ s3_path }) => s3_path));
      assertEquals((await call("delete-chat", { chat_id: doomed })).status, 200);
      assertEquals((await cleanup({}, status)).body.bucket, undefined);
      const { data: rows } = await client.from("chat_images").select("s3_path");
      live = rows!.map(({ s3_path }) => s3_path);
      assertEquals(live.length, 2 + 1 + 3);

      await t.step(
        "a copy of the backup, started beside it on its bucket, deletes nothing",
        async () => {
          const secrets = JSON.parse(await Deno.readTextFile(join(dataDir, "secrets.json")));
          await Deno.writeTextFile(
            join(copyDir, "secrets.json"),
            JSON.stringify({ ...secrets, stack_id: crypto.randomUUID() }),
          );
          await backup.restore(copyDir);
          await using copy = await startStackProcess({
            dataDir: copyDir,
            args: ["--external-s3"],
            env: exported({
              endpoint: status.STORAGE_S3_URL,
              bucket: status.S3_BUCKET,
              region: status.S3_PROTOCOL_REGION,
              accessKeyId: status.S3_PROTOCOL_ACCESS_KEY_ID,
              secretAccessKey: status.S3_PROTOCOL_ACCESS_KEY_SECRET,
            }),
          });
          await passTime(copy.status);
          const twin = await signIn(user, copy.status);
          const deleted = await twin.call("delete-chat", { chat_ids: [kept, extended] });
          assertEquals(deleted.status, 202);
          assertEquals((await cleanup({}, copy.status)).body.bucket, "restored");
          const keys = await keysOf(status);
          assertEquals(live.filter((key) => !keys.has(key)), []);
          // And the original works on, without an alarm.
          assertEquals((await cleanup({}, status)).body.bucket, undefined);
        },
      );
    }

    await backup.restore();
    await using restored = await startStackProcess({ dataDir });
    const { status } = restored;
    const { call, client } = await signIn(user, status);
    const missing = async () => {
      const keys = await keysOf(status);
      return live.filter((key) => !keys.has(key));
    };

    await t.step("the worker deletes nothing, whatever is due, and health says why", async () => {
      for (let round = 0; round < 2; round++) {
        await passTime(status);
        const { body } = await cleanup({}, status);
        assertEquals([body.bucket, body.claimed, body.deleted], ["restored", 0, 0]);
      }
      assertEquals(await missing(), []);
      const { body: health, status: code } = await request("health", {}, status);
      assertEquals([code, health.status, health.checks.cleanup.reason], [
        200,
        "degraded",
        "restored",
      ]);
    });

    await t.step("reconcile reports what is unclear, and enqueues nothing", async () => {
      const found = await compare(status);
      const inExtended = live.filter((key) => key.includes(extended));
      // One of the three was there before. The upload that was on its way has got its key since.
      const unclear = [...inExtended, ...live.filter((key) => key.includes(underway!.id))];
      assertEquals(found.orphans, 3);
      assert(found.orphan_keys.every((key) => unclear.includes(key)), `${found.orphan_keys}`);
      assertEquals(found.foreign, live.filter((key) => key.includes(added)).length);
      assertEquals(found.missing_keys.toSorted(), lost.toSorted());
      const refused = await cleanup({ reconcile: "apply", expected: 1000 }, status);
      assertEquals([refused.status, refused.body.code], [409, "conflict"]);
    });

    await t.step("delete-chat leaves the bytes where they are", async () => {
      const { status: code, body } = await call("delete-chat", { chat_id: extended });
      assertEquals([code, body.deletions[0].status], [202, "pending"]);
      await cleanup({}, status);
      assertEquals(await missing(), []);
    });

    await t.step("accepted by an operator, the restored database is the truth", async () => {
      const args = ["accept-restore", `--status-file=${restored.statusFile}`];
      const refused = await run(args, { answer: false }).catch((error) => error);
      assertEquals(refused.exitCode ?? refused.code, 1);
      assertEquals((await cleanup({}, status)).body.bucket, "restored");
      const { code, notes, lines } = await run([...args, "--yes"]);
      assertEquals([code, lines], [0, ["the bucket is this database's now"]]);
      assert(notes.some((note) => note.includes("a later state of this database")), `${notes}`);
      assertEquals((await run(args)).lines, ["there is nothing to accept"]);

      assertEquals((await cleanup({}, status)).body.bucket, undefined);
      const keys = await keysOf(status);
      assertEquals([...keys].filter((key) => key.includes(extended)), []);
      const { data: rows } = await client.from("chat_images").select("s3_path").eq("id", stays!);
      assert(keys.has(rows![0]!.s3_path));
      // A chat that this database does not know stays for the operator to decide.
      assert(live.filter((key) => key.includes(added)).every((key) => keys.has(key)));
    });
  } finally {
    for (const path of [dataDir, copyDir]) await removeDataFolder(path);
  }
});
