/**
 * What a batch of signed URLs costs, beside its one query and the bare signing.
 *
 * presign-upload of 100 files against one insert of 100 rows and 100 bare signing calls;
 * presign-download of 1,000 images against the same select and 1,000 bare signing calls. Handler and
 * baseline run in this process, in turn, over the same API, database and keys; the ratio is of the
 * medians. The requests that reach the API are counted: one insert for each batch.
 */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { join } from "node:path";
import postgres from "postgres";
import type { Database } from "@shared/database.types.ts";
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { startStack } from "../stack/stack.ts";
import { IDS_PER_QUERY } from "@shared/limits.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { contentDisposition } from "../supabase/functions/_shared/content_disposition.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { readSettings } from "../supabase/functions/_shared/settings.ts";
import { presignDownload } from "../supabase/functions/presign-download/handler.ts";
import { presignUpload } from "../supabase/functions/presign-upload/handler.ts";

const ROUNDS = 40;
const GOAL = 1.3;
const UPLOADS = 100;
const DOWNLOADS = 1000;

interface Bench {
  db: SupabaseClient<Database>;
  status: StackStatus;
  /** Requests to the API so far. */
  requests(): number;
}

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Measures both in turn. @returns whether the goal is met */
async function compare(
  name: string,
  batch: () => Promise<unknown>,
  bare: () => Promise<unknown>,
  tidy = () => Promise.resolve(),
): Promise<boolean> {
  const times: { batch: number[]; bare: number[] } = { batch: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const turns = [
      async () => times.batch.push(await elapsed(batch)),
      async () => times.bare.push(await elapsed(bare)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    await tidy();
  }
  // The first tenth warms up code and plans.
  const [ours, base] = [times.batch, times.bare].map((list) => median(list.slice(ROUNDS / 10))) as [
    number,
    number,
  ];
  const ratio = ours / base;
  console.log(`| ${name} | ${ours.toFixed(1)} ms | ${base.toFixed(1)} ms | ${ratio.toFixed(2)} |`);
  return ratio <= GOAL;
}

async function signIn(status: StackStatus): Promise<Bench> {
  let requests = 0;
  const db = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: (input, init) => (requests++, fetch(input, init)) },
  });
  const { error } = await db.auth.signUp({
    email: "bench@example.com",
    password: "bench-password",
  });
  if (error) throw error;
  return { db, status, requests: () => requests };
}

async function uploads(
  { db, status, requests }: Bench,
  sql: postgres.Sql,
  chat_id: string,
): Promise<boolean> {
  const bucket = bucketOf(status);
  const store = openBucket(bucket);
  const s3 = await createS3Client(bucket, bucket.endpoint, 5000);
  const settings = readSettings({ USE_S3_STORAGE: "false" });
  const file = { name: "page.png", content_type: "image/png", size: 1000, sha256: "0".repeat(64) };
  const request = PresignUploadRequest.parse({ chat_id, files: Array(UPLOADS).fill(file) });
  const batch = () => presignUpload(request, { db, store, settings, now: Date.now });
  const bare = async () => {
    const rows = Array.from({ length: UPLOADS }, () => ({
      chat_id,
      file_name: file.name,
      content_type: file.content_type,
      file_size: file.size,
      // All that the function writes: the same insert.
      id: crypto.randomUUID(),
      kind: "image",
      message_id: null,
      image_type: "viewport",
      description: null,
      width: null,
      height: null,
      sha256: file.sha256,
      expires_in: 900,
    }));
    const { data, error } = await db.from("uploads").insert(rows).select();
    if (error) throw error;
    await Promise.all(data.map(({ incoming_path }) =>
      getSignedUrl(
        s3,
        new PutObjectCommand({
          Bucket: bucket.bucket,
          Key: incoming_path,
          ContentType: file.content_type,
          ContentLength: file.size,
        }),
        { expiresIn: 900, signableHeaders: new Set(["content-length", "content-type", "host"]) },
      )
    ));
  };
  const before = requests();
  await batch();
  if (requests() - before !== 1) {
    throw new Error(`${requests() - before} requests to the database for one batch`);
  }
  return await compare(`presign-upload, ${UPLOADS} files`, batch, bare, async () => {
    // A user has at most 1,000 open reservations.
    await sql`update public.uploads set status = 'expired' where status = 'reserved'`;
  });
}

async function downloads({ db, status }: Bench, chat_id: string): Promise<boolean> {
  const bucket = bucketOf(status);
  const store = openBucket(bucket);
  const s3 = await createS3Client(bucket, bucket.endpoint, 5000);
  const settings = { downloadExpiration: 3600 };
  const { data: rows, error } = await db.from("chat_images").select("id").eq("chat_id", chat_id);
  if (error) throw error;
  const ids = rows.map(({ id }) => id);
  const sign = (images: { s3_path: string; image_name: string; content_type: string }[]) =>
    Promise.all(images.map(({ s3_path, image_name, content_type }) =>
      getSignedUrl(
        s3,
        new GetObjectCommand({
          Bucket: bucket.bucket,
          Key: s3_path,
          ResponseContentDisposition: contentDisposition("inline", image_name),
          ResponseContentType: content_type,
        }),
        { expiresIn: 3600 },
      )
    ));
  const columns = "id, seq, s3_path, image_name, content_type";
  const byId = await compare(
    `presign-download, ${DOWNLOADS} ids`,
    () => presignDownload({ ids }, { db, store, settings, now: Date.now }),
    async () => {
      const parts = Array.from(
        { length: Math.ceil(ids.length / IDS_PER_QUERY) },
        (_, n) => ids.slice(n * IDS_PER_QUERY, (n + 1) * IDS_PER_QUERY),
      );
      const pages = await Promise.all(
        parts.map((part) => db.from("chat_images").select(columns).in("id", part)),
      );
      await sign(pages.flatMap(({ data }) => data ?? []));
    },
  );
  const ofChat = await compare(
    `presign-download, a chat of ${DOWNLOADS}`,
    () => presignDownload({ chat_id }, { db, store, settings, now: Date.now }),
    async () => {
      const { data } = await db.from("chat_images").select(columns)
        .eq("chat_id", chat_id).order("seq").limit(DOWNLOADS);
      await sign(data ?? []);
    },
  );
  return byId && ofChat;
}

async function run(status: StackStatus): Promise<number> {
  const bench = await signIn(status);
  const { data: chats, error } = await bench.db.from("chats")
    .insert([{ title: "Uploads" }, { title: "Downloads" }]).select("id, user_id");
  if (error) throw error;
  const [first, second] = chats as [typeof chats[0], typeof chats[0]];
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  // Rows alone: nothing is read from the bucket here.
  await sql`
    insert into public.chat_images
      (id, chat_id, user_id, image_name, s3_path, image_type, content_type, file_size)
    select id, ${second.id}, ${second.user_id}, 'Seite ' || n || '.png',
           ${`${second.user_id}/${second.id}/images/`} || id || '.png', 'page', 'image/png', 1000
    from (select gen_random_uuid() as id, n from generate_series(1, ${DOWNLOADS}::int) n) made`;
  console.log("| batch | function | bare | ratio |\n| --- | --- | --- | --- |");
  const met = [await uploads(bench, sql, first.id), await downloads(bench, second.id)];
  await sql.end();
  return met.filter((one) => !one).length;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir: join(folder, "stack"),
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    worker: false,
    env: { LOG_LEVEL: "error" },
    print: () => {},
  });
  try {
    const missed = await run(stack.status);
    if (missed > 0) {
      throw new Failure("a batch misses the goal", `Ratio at most ${GOAL}, one insert a batch.`);
    }
    return 0;
  } finally {
    await stack.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
