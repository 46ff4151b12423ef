/**
 * What deleting a chat with 10,000 images costs, beside the bare calls to the bucket.
 *
 * delete-chat's handler (rows, outbox, list, delete, receipts) against one listing pass and ten
 * DeleteObjects calls of the AWS SDK for as many keys, and against deleting one by one. Database and
 * bucket run in another process, with their data on disk; the first two take turns. The calls to the bucket are counted, and the
 * heap is measured after a garbage collection at each batch.
 */
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createClient } from "@supabase/supabase-js";
import v8 from "node:v8";
import vm from "node:vm";
import postgres from "postgres";
import type { Database } from "@shared/database.types.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import type { StackStatus } from "../stack/status_file.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { ObjectStore } from "../supabase/functions/_shared/object_store.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { deleteChat } from "../supabase/functions/delete-chat/handler.ts";
import { removeDataFolder } from "../tests/support/data_folder.ts";
import { startStackProcess } from "../tests/support/stack_process.ts";

const IMAGES = 10_000;
/** One by one takes long; it is measured on fewer and compared by the key. */
const SINGLE = 1_000;
const ROUNDS = 3;
const GOAL = 1.5;
/** Bytes that the heap may grow between the first batch and the last. */
const HEAP_GOAL = 4 * 1024 * 1024;

interface Bench {
  status: StackStatus;
  store: ObjectStore;
  s3: S3Client;
  bucket: string;
  user: { id: string; db: ArchiveClient };
  admin: ArchiveClient;
}

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function open(status: StackStatus): Promise<Bench> {
  const settings = bucketOf(status);
  const client = (key: string) =>
    createClient<Database>(status.API_URL, key, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
  const db = client(status.PUBLISHABLE_KEY);
  const { data, error } = await db.auth.signUp({
    email: "bench@example.com",
    password: "bench-password",
  });
  if (error) throw error;
  return {
    status,
    store: openBucket(settings),
    s3: await createS3Client(settings, settings.endpoint, 8000),
    bucket: settings.bucket,
    user: { id: data.user!.id, db },
    admin: client(status.SECRET_KEY),
  };
}

/** Puts objects below a prefix, 32 at a time. @returns their keys */
async function fill({ store }: Bench, prefix: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  const queue = ids.values();
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (const id of queue) {
      const body = new Uint8Array(16);
      await store.put({ key: `${prefix}${id}.png`, body, size: 16, contentType: "image/png" });
    }
  }));
  return ids.map((id) => `${prefix}${id}.png`);
}

/** A chat with images: rows and objects. */
async function createChat(bench: Bench): Promise<string> {
  const { user, status } = bench;
  const { data, error } = await user.db.from("chats").insert({ title: "Bench" })
    .select("id").single();
  if (error) throw error;
  const keys = await fill(bench, `${user.id}/${data.id}/images/`, IMAGES);
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  await sql`
    insert into public.chat_images
      (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
    select split_part(split_part(key, '/', 4), '.', 1)::uuid, ${data.id}, ${user.id}, 'page.png', key,
           'image/png', 16
    from unnest(${keys}::text[]) key`;
  await sql.end();
  return data.id;
}

interface Calls {
  lists: number;
  deletes: number;
  /** Bytes in use at each batch. */
  heap: number[];
}

/** The bucket, with its calls counted. @param collect frees what nobody uses any more */
function counting(store: ObjectStore, calls: Calls, collect?: () => void): ObjectStore {
  return {
    ...store,
    async *list(prefix, options) {
      for await (const page of store.list(prefix, options)) {
        calls.lists++;
        yield page;
      }
    },
    async deleteMany(keys) {
      calls.deletes++;
      if (collect) {
        collect();
        calls.heap.push(Deno.memoryUsage().heapUsed);
      }
      return await store.deleteMany(keys);
    },
  };
}

async function deleteOne(bench: Bench, chat_id: string, collect?: () => void) {
  const calls: Calls = { lists: 0, deletes: 0, heap: [] };
  let deleted = 0;
  const time = await elapsed(async () => {
    const { status, body } = await deleteChat({ chat_id }, {
      db: bench.user.db,
      admin: bench.admin,
      store: counting(bench.store, calls, collect),
      mayDelete: () => Promise.resolve(true),
      budget: 60_000,
    });
    deleted = body.deletions[0]!.objects_deleted;
    if (status !== 200) throw new Error(`delete-chat answered ${status}`);
  });
  if (deleted !== IMAGES) throw new Error(`${deleted} of ${IMAGES} objects were deleted`);
  return { time, ...calls };
}

/** The same with the SDK alone. */
async function bare({ s3, bucket: Bucket }: Bench, prefix: string): Promise<void> {
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: prefix,
        ...(token ? { ContinuationToken: token } : {}),
      }),
    );
    const Objects = (page.Contents ?? []).map(({ Key }) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token);
}

async function oneByOne({ s3, bucket: Bucket }: Bench, keys: string[]): Promise<void> {
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
}

/** A garbage collection, which V8 offers only when it is asked to. */
function collector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc") as () => void;
}

async function run(bench: Bench): Promise<string[]> {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  let calls = { lists: 0, deletes: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const chat_id = await createChat(bench);
    const prefix = `bare/${round}/`;
    await fill(bench, prefix, IMAGES);
    const turns = [
      async () => {
        const { time, ...counted } = await deleteOne(bench, chat_id);
        times.ours.push(time);
        calls = counted;
      },
      async () => void times.bare.push(await elapsed(() => bare(bench, prefix))),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const single = await elapsed(async () => oneByOne(bench, await fill(bench, "single/", 1))).then(
    async () => {
      const keys = await fill(bench, "single/", IMAGES);
      return await elapsed(() => oneByOne(bench, keys));
    },
  );
  const { heap } = await deleteOne(bench, await createChat(bench), collector());

  const [ours, base] = [median(times.ours), median(times.bare)];
  // Of each round by itself: both of its turns meet the same machine.
  const ratios = times.ours.map((time, round) => time / times.bare[round]!);
  const ratio = median(ratios);
  const growth = heap.at(-1)! - heap[0]!;
  const name = `${IMAGES.toLocaleString("en")} images`;
  console.log("| deleted | time | to bare calls |\n| --- | --- | --- |");
  console.log(`| delete-chat, ${name} | ${ours.toFixed(0)} ms | ${ratio.toFixed(2)} |`);
  console.log(`| list and DeleteObjects, bare | ${base.toFixed(0)} ms | 1 |`);
  console.log(
    `| one by one, from ${SINGLE.toLocaleString("en")} | ${single.toFixed(0)} ms | ${
      (single / base).toFixed(1)
    } |`,
  );
  console.log(
    `\nratio of each round: ${ratios.map((one) => one.toFixed(2)).join(", ")}\n` +
      `${calls.lists} pages listed, ${calls.deletes} DeleteObjects calls; heap at each batch ` +
      heap.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(", ") + " MiB",
  );
  const pages = Math.ceil(IMAGES / 1000);
  return [
    ...(ratio > GOAL ? [`${ratio.toFixed(2)} times the bare calls`] : []),
    ...(calls.lists > pages ? [`${calls.lists} pages for ${pages}`] : []),
    ...(calls.deletes > pages ? [`${calls.deletes} DeleteObjects calls for ${pages}`] : []),
    ...(growth > HEAP_GOAL ? [`the heap grew by ${growth} bytes`] : []),
  ];
}

async function main(): Promise<number> {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  let missed: string[];
  try {
    // With its data on disk, as it is used: a bucket in memory answers faster than any real one.
    await using stack = await startStackProcess({ dataDir, env: { LOG_LEVEL: "error" } });
    missed = await run(await open(stack.status));
  } finally {
    await removeDataFolder(dataDir);
  }
  if (missed.length === 0) return 0;
  throw new Failure(
    `goals are missed: ${missed.join("; ")}`,
    `At most ${GOAL} times, flat memory.`,
  );
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
