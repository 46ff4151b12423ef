/**
 * What confirm-upload costs: of 1, 10 and 100 images of 300 kB, and of one PDF of 50 MB.
 *
 * Its handler (rows, attempt, HEAD, copy, read, SHA-256, type, pixels, record) against the bare HEAD, copy
 * and GET of the same objects with the AWS SDK, as many side by side; both in this process and in turn.
 * Database and bucket run in another process. CPU is this process's.
 */
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { createClient } from "@supabase/supabase-js";
import { createHash } from "node:crypto";
import { cpuUsage } from "node:process";
import { eachOf } from "@shared/async.ts";
import type { Database } from "@shared/database.types.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { confirmUpload } from "../supabase/functions/confirm-upload/handler.ts";
import { removeDataFolder } from "../tests/support/data_folder.ts";
import { startStackProcess } from "../tests/support/stack_process.ts";
import { bucketOf } from "../tools/operator_bucket.ts";

const GOAL = 1.3;
const ROUNDS = 5;
/** As many as confirm-upload works on side by side. */
const PARALLEL = 8;

interface Cost {
  /** Milliseconds. */
  time: number;
  cpu: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const before = cpuUsage();
  const started = performance.now();
  await work();
  const time = performance.now() - started;
  const { user, system } = cpuUsage(before);
  return { time, cpu: (user + system) / 1000 };
}

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

/** Bytes between a beginning and an end. */
function file(begin: string, end: string, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size).fill(0x20);
  const text = (part: string) => Uint8Array.from(part, (character) => character.charCodeAt(0));
  bytes.set(text(begin));
  bytes.set(text(end), size - end.length);
  return bytes;
}

/** A GIF of 64 by 64 pixels, as far as its header and its end tell. */
const image = file("GIF89a\x40\x00\x40\x00\x00\x00\x00", ";", 300_000);
const document = file("%PDF-1.4\n", "%%EOF\n", 50_000_000);

const CASES = [
  { what: "1 image of 300 kB", count: 1, kind: "image", content_type: "image/gif", bytes: image },
  { what: "10 images", count: 10, kind: "image", content_type: "image/gif", bytes: image },
  { what: "100 images", count: 100, kind: "image", content_type: "image/gif", bytes: image },
  {
    what: "1 PDF of 50 MB",
    count: 1,
    kind: "document",
    content_type: "application/pdf",
    bytes: document,
  },
];

async function measure(folder: string): Promise<boolean> {
  await using stack = await startStackProcess({ dataDir: folder });
  const { status } = stack;
  const settings = bucketOf(status);
  const store = openBucket(settings);
  const s3 = await createS3Client(settings, settings.endpoint, 60_000);
  const client = (key: string): ArchiveClient =>
    createClient<Database>(status.API_URL, key, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
  const [db, admin] = [client(status.PUBLISHABLE_KEY), client(status.SECRET_KEY)];
  const { error } = await db.auth.signUp({
    email: "bench@example.com",
    password: "bench-password",
  });
  if (error) throw error;
  const { data: chat } = await db.from("chats").insert({ title: "Bench" }).select("id").single();
  const chat_id = chat!.id;

  let good = true;
  for (const { what, count, kind, content_type, bytes } of CASES) {
    const hash = createHash("sha256").update(bytes).digest("hex");
    const ours: Cost[] = [];
    const bare: Cost[] = [];
    // The first round opens connections.
    for (let round = 0; round <= ROUNDS; round++) {
      const { data: uploads } = await db.from("uploads").insert(
        Array.from({ length: count }, () => ({
          chat_id,
          kind,
          file_name: "a file",
          content_type,
          file_size: bytes.length,
          sha256: hash,
        })),
      ).select("id, incoming_path");
      await eachOf(
        uploads!,
        PARALLEL,
        ({ incoming_path: key }) =>
          store.put({ key, body: bytes, size: bytes.length, contentType: content_type }),
      );
      const Bucket = settings.bucket;
      const plain = await costOf(() =>
        eachOf(uploads!, PARALLEL, async ({ incoming_path: Key }) => {
          await s3.send(new HeadObjectCommand({ Bucket, Key }));
          const copy = `${Key}-copy`;
          await s3.send(
            new CopyObjectCommand({ Bucket, CopySource: `${Bucket}/${Key}`, Key: copy }),
          );
          const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: copy }));
          for await (const _ of Body!.transformToWebStream()) { /* read */ }
        })
      );
      const confirmed = await costOf(async () => {
        const ids = uploads!.map(({ id }) => id);
        const ports = { db, admin, store, maxBytes: 100 * 1024 * 1024 };
        const { body } = await confirmUpload({ ids }, ports);
        if (body.images.length + body.documents.length < count) {
          throw new Error(JSON.stringify(body).slice(0, 500));
        }
      });
      if (round === 0) continue;
      ours.push(confirmed);
      bare.push(plain);
    }
    const [time, cpu] = (["time", "cpu"] as const).map((key) => {
      const [a, b] = [ours, bare].map((list) => median(list.map((cost) => cost[key])));
      return { a: a!, b: b!, ratio: a! / b! };
    });
    const show = ({ a, b, ratio }: { a: number; b: number; ratio: number }) =>
      `${a.toFixed(0)} ms, bare ${b.toFixed(0)} ms, ratio ${ratio.toFixed(2)}`;
    console.log(`${what}: time ${show(time!)}; CPU ${show(cpu!)}`);
    good &&= time!.ratio <= GOAL;
  }
  s3.destroy();
  return good;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  try {
    if (await measure(folder)) return 0;
  } finally {
    await removeDataFolder(folder);
  }
  throw new Failure("a goal is missed", `At most ${GOAL} times the bare calls.`);
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
