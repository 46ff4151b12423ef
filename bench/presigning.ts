/**
 * presign-upload against one insert of the same rows and as many bare signing calls of the AWS SDK;
 * presign-download of 1,000 images against the same select and 1,000 bare signing calls. Handler and
 * baseline run in this process, over the same API, database and keys. The requests that reach the API are
 * counted: one insert for each batch.
 */
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import { IDS_PER_QUERY } from "@shared/limits.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type postgres from "postgres";
import type { StackStatus } from "../stack/status_file.ts";
import { contentDisposition } from "../supabase/functions/_shared/content_disposition.ts";
import type { ObjectStore } from "../supabase/functions/_shared/object_store.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { readSettings } from "../supabase/functions/_shared/settings.ts";
import { presignDownload } from "../supabase/functions/presign-download/handler.ts";
import { presignUpload } from "../supabase/functions/presign-upload/handler.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { clientOf, createChat, signUp, withSql, withStack } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const DOWNLOADS = 1000;

interface Place {
  db: ArchiveClient;
  store: ObjectStore;
  s3: S3Client;
  bucket: string;
  sql: postgres.Sql;
  /** Requests to the API so far. */
  requests(): number;
}

const FILE = { name: "page.png", content_type: "image/png", size: 1000, sha256: "0".repeat(64) };

/** All that the function writes: the same insert. */
const rowOf = (chat_id: string) => ({
  chat_id,
  file_name: FILE.name,
  content_type: FILE.content_type,
  file_size: FILE.size,
  id: crypto.randomUUID(),
  kind: "image",
  message_id: null,
  image_type: "viewport",
  description: null,
  width: null,
  height: null,
  sha256: FILE.sha256,
  expires_in: 900,
});

async function uploads(
  { db, store, s3, bucket, sql, requests }: Place,
  chat_id: string,
  bench: Bench,
) {
  const settings = readSettings({ USE_S3_STORAGE: "false" });
  const insert = async (count: number) => {
    const rows = Array.from({ length: count }, () => rowOf(chat_id));
    const { data, error } = await db.from("uploads").insert(rows).select();
    if (error) throw error;
    return data;
  };
  const sign = ({ incoming_path }: { incoming_path: string }) =>
    getSignedUrl(
      s3,
      new PutObjectCommand({
        Bucket: bucket,
        Key: incoming_path,
        ContentType: FILE.content_type,
        ContentLength: FILE.size,
      }),
      { expiresIn: 900, signableHeaders: new Set(["content-length", "content-type", "host"]) },
    );
  // A user may reserve only so much.
  const before = () => sql`update public.uploads set status = 'expired' where status = 'reserved'`;
  const presign = (count: number) => {
    const request = PresignUploadRequest.parse({ chat_id, files: Array(count).fill(FILE) });
    return async () => void await presignUpload(request, { db, store, settings, now: Date.now });
  };
  const counted = requests();
  await presign(100)();
  if (requests() - counted !== 1) bench.fault(`${requests() - counted} requests for one batch`);

  const rounds = bench.quick ? 5 : 60;
  const one = await inTurn(
    { ours: { before, run: presign(1) }, reference: { before, run: () => insert(1) } },
    { rounds },
  );
  bench.add(compared(
    "presign-upload of 1 file, to one insert",
    one.ours.time,
    one.reference.time,
    { bound: 1.5 },
  ));
  const many = await inTurn({
    ours: { before, run: presign(100) },
    reference: { before, run: async () => Promise.all((await insert(100)).map(sign)) },
    insert: { before, run: () => insert(100) },
  }, { rounds });
  const what = "presign-upload of 100 files";
  const { ours, reference } = many;
  bench.add(compared(`${what}, to one insert and 100 bare signings`, ours.time, reference.time, {
    bound: 1.3,
  }));
  bench.add(compared(`${what}, to one insert`, ours.time, many.insert.time));
}

async function downloads({ db, store, s3, bucket }: Place, chat_id: string, bench: Bench) {
  const settings = { downloadExpiration: 3600 };
  const { data: rows, error } = await db.from("chat_images").select("id").eq("chat_id", chat_id);
  if (error) throw error;
  const ids = rows.map(({ id }) => id);
  const sign = (images: { s3_path: string; image_name: string; content_type: string }[]) =>
    Promise.all(images.map(({ s3_path, image_name, content_type }) =>
      getSignedUrl(
        s3,
        new GetObjectCommand({
          Bucket: bucket,
          Key: s3_path,
          ResponseContentDisposition: contentDisposition("inline", image_name),
          ResponseContentType: content_type,
        }),
        { expiresIn: 3600 },
      )
    ));
  const columns = "id, seq, s3_path, image_name, content_type";
  const ports = { db, store, settings, now: Date.now };
  const byId = await inTurn({
    ours: { run: () => presignDownload({ ids }, ports) },
    reference: {
      async run() {
        const parts = Array.from(
          { length: Math.ceil(ids.length / IDS_PER_QUERY) },
          (_, n) => ids.slice(n * IDS_PER_QUERY, (n + 1) * IDS_PER_QUERY),
        );
        const pages = await Promise.all(
          parts.map((part) => db.from("chat_images").select(columns).in("id", part)),
        );
        await sign(pages.flatMap(({ data }) => data ?? []));
      },
    },
  }, { rounds: bench.quick ? 3 : 40 });
  const ofChat = await inTurn({
    ours: { run: () => presignDownload({ chat_id }, ports) },
    reference: {
      async run() {
        const { data } = await db.from("chat_images").select(columns)
          .eq("chat_id", chat_id).order("seq").limit(DOWNLOADS);
        await sign(data ?? []);
      },
    },
  }, { rounds: bench.quick ? 3 : 40 });
  const what = "to one select and 1,000 bare signings";
  for (
    const [which, { ours, reference }] of [["1,000 ids", byId], [
      "a chat of 1,000",
      ofChat,
    ]] as const
  ) {
    bench.add(compared(`presign-download of ${which}, ${what}`, ours.time, reference.time, {
      bound: 1.3,
    }));
  }
}

async function measure(status: StackStatus, bench: Bench): Promise<void> {
  let sent = 0;
  const counting: typeof fetch = (input, init) => (sent++, fetch(input, init));
  const user = await signUp(status, clientOf(status, status.PUBLISHABLE_KEY, { fetch: counting }));
  const settings = bucketOf(status);
  const s3 = await createS3Client(settings, settings.endpoint, 5000);
  const [first, second] = [await createChat(user), await createChat(user)];
  await withSql(status.DB_URL, async (sql) => {
    const place = {
      db: user.db,
      store: openBucket(settings),
      s3,
      bucket: settings.bucket,
      sql,
      requests: () => sent,
    };
    // Rows alone: nothing is read from the bucket here.
    await sql`
      insert into public.chat_images
        (id, chat_id, user_id, image_name, s3_path, image_type, content_type, file_size)
      select id, ${second}, ${user.id}, 'Seite ' || n || '.png',
             ${`${user.id}/${second}/images/`} || id || '.png', 'page', 'image/png', 1000
      from (select gen_random_uuid() as id, n from generate_series(1, ${DOWNLOADS}::int) n) made`;
    await uploads(place, first, bench);
    await downloads(place, second, bench);
  });
  s3.destroy();
}

/** What a batch of signed URLs costs. */
export const question = defineQuestion({
  title: "what signed URLs cost, beside their one query and the bare signing",
  answer: (bench) => withStack((status) => measure(status, bench)),
});
