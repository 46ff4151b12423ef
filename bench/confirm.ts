/**
 * confirm-upload of 1, 10 and 100 images of 300 kB, and of one PDF of 50 MB.
 *
 * Its handler (rows, attempt, HEAD, copy, read, SHA-256, type, pixels, record) against the bare HEAD, copy
 * and GET of the same objects with the AWS SDK, as many side by side; both in this process. Database and
 * bucket run in another one. CPU is this process's.
 */
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { eachOf } from "@shared/async.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { StackStatus } from "../stack/status_file.ts";
import type { ObjectStore } from "../supabase/functions/_shared/object_store.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { confirmUpload } from "../supabase/functions/confirm-upload/handler.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { clientOf, createChat, signUp, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

/** Missed by one image, whose round trips to the database weigh much. */
const GOAL = 1.3;
/** As many as confirm-upload works on side by side. */
const PARALLEL = 8;

/** Bytes between a beginning and an end. */
function file(begin: string, end: string, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size).fill(0x20);
  const text = (part: string) => Uint8Array.from(part, (character) => character.charCodeAt(0));
  bytes.set(text(begin));
  bytes.set(text(end), size - end.length);
  return bytes;
}

/** Files to confirm. */
interface Case {
  what: string;
  count: number;
  kind: "image" | "document";
  content_type: string;
  bytes: Uint8Array<ArrayBuffer>;
  bound?: number;
}

/** A GIF of 64 by 64 pixels, as far as its header and its end tell. */
const GIF = {
  kind: "image",
  content_type: "image/gif",
  bytes: file("GIF89a\x40\x00\x40\x00\x00\x00\x00", ";", 300_000),
} as const;

const CASES: Case[] = [
  { what: "1 image of 300 kB", count: 1, ...GIF, bound: GOAL },
  { what: "10 images", count: 10, ...GIF, bound: GOAL },
  { what: "100 images", count: 100, ...GIF, bound: GOAL },
  {
    what: "1 PDF of 50 MB",
    count: 1,
    kind: "document",
    content_type: "application/pdf",
    bytes: file("%PDF-1.4\n", "%%EOF\n", 50_000_000),
    bound: GOAL,
  },
];

interface Place {
  db: ArchiveClient;
  admin: ArchiveClient;
  store: ObjectStore;
  s3: S3Client;
  bucket: string;
  chat_id: string;
}

type Reserved = { id: string; incoming_path: string }[];

/** Reserves files and puts their bytes. */
async function reserve({ db, store, chat_id }: Place, { count, kind, content_type, bytes }: Case) {
  const { data, error } = await db.from("uploads").insert(
    Array.from({ length: count }, () => ({
      chat_id,
      kind,
      file_name: "a file",
      content_type,
      file_size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    })),
  ).select("id, incoming_path");
  if (error) throw error;
  await eachOf(
    data,
    PARALLEL,
    ({ incoming_path: key }) =>
      store.put({ key, body: bytes, size: bytes.length, contentType: content_type }),
  );
  return data;
}

/** HEAD, copy and GET by the SDK alone. */
async function bareCalls({ s3, bucket: Bucket }: Place, uploads: Reserved): Promise<void> {
  await eachOf(uploads, PARALLEL, async ({ incoming_path: Key }) => {
    await s3.send(new HeadObjectCommand({ Bucket, Key }));
    const copy = `${Key}-copy`;
    await s3.send(new CopyObjectCommand({ Bucket, CopySource: `${Bucket}/${Key}`, Key: copy }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: copy }));
    for await (const _ of Body!.transformToWebStream()) { /* read */ }
  });
}

async function confirm({ db, admin, store }: Place, uploads: Reserved): Promise<void> {
  const ids = uploads.map(({ id }) => id);
  const { body } = await confirmUpload({ ids }, { db, admin, store, maxBytes: 100 * 1024 * 1024 });
  if (body.images.length + body.documents.length < ids.length) {
    throw new Error(JSON.stringify(body).slice(0, 500));
  }
}

async function measure(status: StackStatus, { quick, add }: Bench): Promise<void> {
  const settings = bucketOf(status);
  const user = await signUp(status);
  const place: Place = {
    db: user.db,
    admin: clientOf(status, status.SECRET_KEY),
    store: openBucket(settings),
    s3: await createS3Client(settings, settings.endpoint, 60_000),
    bucket: settings.bucket,
    chat_id: await createChat(user),
  };
  for (const one of CASES) {
    let uploads: Reserved = [];
    const before = async () => void (uploads = await reserve(place, one));
    const { ours, reference } = await inTurn({
      ours: { before, run: () => confirm(place, uploads) },
      reference: { before, run: () => bareCalls(place, uploads) },
    }, { rounds: quick ? 1 : 3 });
    const { what, bound } = one;
    add(compared(what, ours.time, reference.time, bound === undefined ? {} : { bound }));
    add(compared(`${what}, CPU`, ours.cpu, reference.cpu));
  }
  // What the embedded API takes of it: three such requests a confirm.
  const { empty } = await inTurn({
    empty: { run: async () => void await user.db.from("uploads").select("id").limit(0) },
  }, { rounds: quick ? 5 : 40 });
  add(alone("a request to the API that reads nothing", empty.time));
  place.s3.destroy();
}

/** What confirming uploads costs. */
export const question = defineQuestion({
  title: "what confirming an upload costs, beside the bare HEAD, copy and GET",
  answer: (bench) => withStackProcess((status) => measure(status, bench)),
});
