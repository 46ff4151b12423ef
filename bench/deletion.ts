/**
 * A chat with 10,000 images, deleted by delete-chat's handler (rows, outbox, list, delete, receipts) against
 * one listing pass and ten DeleteObjects calls of the AWS SDK for as many keys, and deleting a tenth of them
 * one by one. Database and bucket run in another process, with their data on disk: a bucket in memory
 * answers faster than any real one. The calls to the bucket are counted, and the heap is measured after a
 * garbage collection at each batch. The bucket keeps no versions.
 */
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import v8 from "node:v8";
import vm from "node:vm";
import type { ArchiveClient } from "@shared/rows.ts";
import type { StackStatus } from "../stack/status_file.ts";
import type { ObjectStore } from "../supabase/functions/_shared/object_store.ts";
import { createS3Client } from "../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { deleteChat } from "../supabase/functions/delete-chat/handler.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import {
  type BenchUser,
  clientOf,
  createChat,
  signUp,
  withSql,
  withStackProcess,
} from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const MIB = 1024 * 1024;

interface Place {
  status: StackStatus;
  store: ObjectStore;
  s3: S3Client;
  bucket: string;
  user: BenchUser;
  admin: ArchiveClient;
  /** Of a chat. */
  images: number;
}

/** Puts objects below a prefix, 32 at a time. @returns their keys */
async function fill({ store }: Place, prefix: string, count: number): Promise<string[]> {
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
async function chatWithImages(place: Place): Promise<string> {
  const { user, status, images } = place;
  const chat_id = await createChat(user);
  const keys = await fill(place, `${user.id}/${chat_id}/images/`, images);
  await withSql(status.DB_URL, (sql) =>
    sql`
    insert into public.chat_images
      (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
    select split_part(split_part(key, '/', 4), '.', 1)::uuid, ${chat_id}, ${user.id}, 'page.png', key,
           'image/png', 16
    from unnest(${keys}::text[]) key`);
  return chat_id;
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

async function deleteOne(
  place: Place,
  chat_id: string,
  collect?: () => void,
): Promise<Calls> {
  const calls: Calls = { lists: 0, deletes: 0, heap: [] };
  const { status, body } = await deleteChat({ chat_id }, {
    db: place.user.db,
    admin: place.admin,
    store: counting(place.store, calls, collect),
    mayDelete: () => Promise.resolve(true),
    budget: 60_000,
  });
  const deleted = body.deletions[0]!.objects_deleted;
  if (status !== 200) throw new Error(`delete-chat answered ${status}`);
  if (deleted !== place.images) throw new Error(`${deleted} of ${place.images} were deleted`);
  return calls;
}

/** The same with the SDK alone. */
async function bare({ s3, bucket: Bucket }: Place, prefix: string): Promise<void> {
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

async function oneByOne({ s3, bucket: Bucket }: Place, keys: string[]): Promise<void> {
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
}

/** A garbage collection, which V8 offers only when it is asked to. */
function collector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc") as () => void;
}

async function measure(status: StackStatus, { quick, add, fault, note }: Bench): Promise<void> {
  const settings = bucketOf(status);
  const place: Place = {
    status,
    store: openBucket(settings),
    s3: await createS3Client(settings, settings.endpoint, 8000),
    bucket: settings.bucket,
    user: await signUp(status),
    admin: clientOf(status, status.SECRET_KEY),
    images: quick ? 1000 : 10_000,
  };
  const pages = place.images / 1000;
  let chat_id = "";
  const { ours, reference } = await inTurn({
    ours: {
      before: async () => void (chat_id = await chatWithImages(place)),
      async run() {
        const { lists, deletes } = await deleteOne(place, chat_id);
        if (lists > pages) fault(`${lists} pages listed for ${pages}`);
        if (deletes > pages) fault(`${deletes} DeleteObjects calls for ${pages}`);
      },
    },
    reference: {
      before: () => fill(place, "bare/", place.images),
      run: () => bare(place, "bare/"),
    },
  }, { rounds: quick ? 1 : 3 });
  const what = `delete-chat of ${place.images.toLocaleString("en")} images`;
  add(compared(`${what}, to listing and DeleteObjects`, ours.time, reference.time, { bound: 1.1 }));
  note("one by one");
  let keys: string[] = [];
  const single = await inTurn({
    single: {
      before: async () => void (keys = await fill(place, "single/", place.images / 10)),
      run: () => oneByOne(place, keys),
    },
  }, { rounds: 1 });
  add(alone("deleting a tenth of them one by one", single.single.time));
  const { heap } = await deleteOne(place, await chatWithImages(place), collector());
  const growth = heap.at(-1)! - heap[0]!;
  add(alone("growth of the heap from the first batch to the last", [growth / MIB], {
    unit: "MiB",
    bound: 4,
  }));
  place.s3.destroy();
}

/** What deleting a chat costs. */
export const question = defineQuestion({
  title: "what deleting a chat with 10,000 images costs, beside the bare calls to the bucket",
  answer: (bench) => withStackProcess((status) => measure(status, bench)),
});
