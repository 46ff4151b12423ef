/**
 * confirm-upload, while somebody else works on the same upload: between any two of its steps, and at
 * the same time, on each kind of bucket. The handler runs here over the real database and bucket, so that
 * a test can step in.
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ConfirmPorts } from "../../supabase/functions/_shared/confirm_uploads.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { workerClient } from "../support/api_client.ts";
import { acting, type Reserved } from "../support/buckets/acting.ts";
import { testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { isStacksOwn } from "../support/buckets/kinds.ts";
import { withBucketOf } from "../support/buckets/with_bucket_of.ts";
import { cleanup, endLeases, settleAll } from "../support/deletion.ts";
import { image, put, reserve } from "../support/files.ts";
import { asOperator, bytesOf, keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

type Store = ConfirmPorts["store"];

const user = await signUp();
const admin = workerClient();

const first = image("a.png", 1);
const second = image("a.png", 2);

/** What the tests do with one bucket. */
function using(bucket: ObjectStore) {
  const { reserve, confirm: confirmAll } = acting(user, bucket);
  return {
    bucket,
    reserve,
    confirmAll,
    /** An upload whose bytes have arrived. */
    async arrived() {
      const [upload] = await reserve([first]) as [Reserved];
      assertEquals(await put(upload, first.bytes), 200);
      const { chat_id, id } = upload;
      return { chat_id, upload, incoming: `${user.id}/${chat_id}/incoming/${id}-1` };
    },
    /** Confirms one upload. */
    async confirm({ id }: Reserved, changes: Partial<Store> = {}) {
      const { images, rejected, pending } = await confirmAll([id], changes);
      assertEquals(images.length + rejected.length + pending.length, 1, "one outcome");
      return { image: images[0], rejected: rejected[0], pending: pending[0] };
    },
    finalKeys: (chat_id: string) => keysBelow(`${user.id}/${chat_id}/images/`, bucket),
    keys: (chat_id: string) => keysBelow(`${user.id}/${chat_id}/`, bucket),
    /** Copies, and then something else happens. */
    copyThen: (then: () => Promise<unknown>): Partial<Store> => ({
      copy: async (...args) => {
        const copied = await bucket.copy(...args);
        await then();
        return copied;
      },
    }),
    bytesOf: (key: string) => bytesOf(key, bucket),
  };
}

/** A test on each bucket. @param work is told whether the stack's worker looks after it */
function race(
  name: string,
  work: (on: ReturnType<typeof using>, isSwept: boolean) => Promise<void>,
): void {
  testOnEachBucket(
    name,
    (under) => withBucketOf([user], under, (bucket) => work(using(bucket), isStacksOwn(under))),
  );
}

const expire = ({ id }: Reserved) =>
  asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${id}`
  );

race(
  "the object vanishes before the confirm: upload_mismatch",
  async ({ arrived, confirm, bucket }) => {
    const { upload, incoming } = await arrived();
    await bucket.deleteMany([incoming]);
    assertEquals((await confirm(upload)).rejected?.code, "upload_mismatch");
  },
);

race(
  "it vanishes, or is replaced, before it is copied: upload_mismatch, and both are gone",
  async ({ arrived, confirm, keys, bucket }) => {
    const between: ((incoming: string, upload: Reserved) => Promise<unknown>)[] = [
      (incoming) => bucket.deleteMany([incoming]),
      (_, upload) => put(upload, second.bytes),
    ];
    for (const stepIn of between) {
      const { chat_id, upload, incoming } = await arrived();
      const { rejected } = await confirm(upload, {
        copy: async (...args) => {
          await stepIn(incoming, upload);
          return await bucket.copy(...args);
        },
      });
      assertEquals(rejected?.code, "upload_mismatch");
      assertEquals(await keys(chat_id), []);
    }
  },
);

race(
  "other bytes that arrive after the copy change nothing",
  async ({ arrived, confirm, copyThen, bytesOf }) => {
    const { upload } = await arrived();
    const { image } = await confirm(upload, copyThen(() => put(upload, second.bytes)));
    assertEquals(image?.id, upload.id);
    assertEquals(await bytesOf(image!.s3_path), first.bytes);
  },
);

race(
  "two confirms of one upload: one row, the bytes of its hash, and the other key is swept",
  async ({ arrived, confirm, finalKeys, copyThen, bytesOf }, isSwept) => {
    const { chat_id, upload } = await arrived();
    const inner: Awaited<ReturnType<typeof confirm>>[] = [];
    const outer = await confirm(upload, copyThen(async () => inner.push(await confirm(upload))));
    assertEquals(inner[0]!.image, outer.image);
    assertEquals(await bytesOf(outer.image!.s3_path), first.bytes);
    assertEquals((await finalKeys(chat_id)).length, 2);
    if (!isSwept) return;
    await settleAll(user);
    assertEquals(await finalKeys(chat_id), [outer.image!.s3_path]);
  },
);

race(
  "a thousand confirms at once: two attempts at a time, ten in all, the rest is pending",
  async ({ arrived, confirm, finalKeys }) => {
    const { chat_id, upload } = await arrived();
    const copies: string[] = [];
    const standing = Promise.withResolvers<void>();
    const never = (): Partial<Store> => ({
      copy: async (_, to) => {
        copies.push(to);
        if (copies.length === 2) standing.resolve();
        await release.promise;
        throw new ChatArchiveError("storage_unavailable", "lost");
      },
    });
    const release = Promise.withResolvers<void>();
    const held = [confirm(upload, never()), confirm(upload, never())]
      .map((one) => one.catch(({ code }) => code));
    await standing.promise;
    for (let n = 0; n < 20; n++) assertEquals((await confirm(upload, never())).pending, upload.id);
    assertEquals(copies.length, 2);
    release.resolve();
    assertEquals(await Promise.all(held), Array(2).fill("storage_unavailable"));

    for (let n = 0; n < 20; n++) {
      await confirm(upload, never()).catch(() => {
      });
    }
    assertEquals([copies.length, new Set(copies).size], [10, 10], "each has a key of its own");
    assertEquals((await confirm(upload)).pending, upload.id);
    assertEquals(await finalKeys(chat_id), []);
  },
);

race(
  "a copy whose answer is lost is never recorded, also where it was made",
  async ({ arrived, confirm, finalKeys, copyThen, bucket }) => {
    const { chat_id, upload } = await arrived();
    const lost = copyThen(() =>
      Promise.reject(new ChatArchiveError("storage_unavailable", "lost"))
    );
    const error = await assertRejects(() => confirm(upload, lost), ChatArchiveError);
    assertEquals(error.code, "storage_unavailable");
    const [given] = await finalKeys(chat_id);
    const verified = [{ id: upload.id, key: given!, s3_url: bucket.address(given!) }];
    const { data } = await admin.rpc("confirm_uploads", { verified });
    assertEquals(data, []);
    const { image } = await confirm(upload);
    assert(image!.s3_path !== given);
  },
);

race(
  "one of several fails: the others are told, and it is pending",
  async ({ arrived, confirmAll, bucket }) => {
    const [one, other] = [await arrived(), await arrived()];
    const answer = await confirmAll([one.upload.id, other.upload.id], {
      copy: (from, ...rest) =>
        from === one.incoming
          ? Promise.reject(new ChatArchiveError("storage_unavailable", "down"))
          : bucket.copy(from, ...rest),
    });
    assertEquals([answer.images.map(({ id }) => id), answer.pending], [[other.upload.id], [
      one.upload.id,
    ]]);
  },
);

race(
  "more bytes than one request may read are pending, and asked for again",
  async ({ confirmAll, reserve }) => {
    const chat_id = await user.createChat();
    const uploads = await reserve(Array(5).fill(first), chat_id);
    await Promise.all(uploads.map((upload) => put(upload, first.bytes)));
    const ids = uploads.map(({ id }) => id);
    const size = first.bytes.length;
    const rounds: number[] = [];
    for (let left = ids; left.length > 0;) {
      const { images, pending } = await confirmAll(left, {}, 2 * size);
      rounds.push(images.length);
      assertEquals(pending, left.slice(images.length));
      left = pending;
    }
    assertEquals(rounds, [2, 2, 1]);
    const [large] = await reserve([first], chat_id);
    await put(large!, first.bytes);
    assertEquals((await confirmAll([large!.id], {}, 1)).images.length, 1, "one always fits");
  },
);

race(
  "it expires between the copy and the record: expired, and the copy is swept",
  async ({ arrived, confirm, finalKeys, keys, copyThen }, isSwept) => {
    const { chat_id, upload } = await arrived();
    const { rejected } = await confirm(upload, copyThen(() => expire(upload)));
    assertEquals(rejected?.code, "upload_mismatch");
    assertMatch(rejected!.message, /expired/);
    assertEquals((await finalKeys(chat_id)).length, 1, "the copy was made");
    if (!isSwept) return;
    await settleAll(user);
    assertEquals(await keys(chat_id), []);
  },
);

race(
  "its chat is deleted between the copy and the record: nothing of it stays",
  async ({ arrived, confirm, keys, copyThen }, isSwept) => {
    const { chat_id, upload } = await arrived();
    const { rejected } = await confirm(
      upload,
      copyThen(() => asOperator((sql) => sql`delete from chats where id = ${chat_id}`)),
    );
    assertEquals(rejected?.code, "not_found");
    if (!isSwept) return;
    await cleanup();
    assertEquals(await keys(chat_id), []);
  },
);

race(
  "a worker claims the attempt's key between the copy and the record: not recorded",
  async ({ arrived, confirm, copyThen }) => {
    const { chat_id, upload } = await arrived();
    const { pending } = await confirm(
      upload,
      copyThen(async () => {
        await asOperator((sql) =>
          sql`update storage_deletions set not_before = now()
            where target like ${`${user.id}/${chat_id}/images/%`}`
        );
        // Claimed, and the worker stands still between its look and its delete.
        const { data } = await admin.rpc("claim_storage_deletions", {
          max_entries: 1000,
          lease_seconds: 60,
        });
        assert(data!.some(({ target }) => target.startsWith(`${user.id}/${chat_id}/images/`)));
      }),
    );
    assertEquals(pending, upload.id);
    // Nothing of it is left for the workers of other tests.
    await endLeases(user);
    await cleanup();
  },
);

race(
  "delete-chat does not take an attempt's key before its time",
  async ({ arrived, confirm, copyThen }) => {
    const { chat_id, upload } = await arrived();
    await confirm(
      upload,
      copyThen(async () => {
        const { data } = await admin.rpc("claim_storage_deletions", {
          max_entries: 1000,
          lease_seconds: 60,
          only_chats: [chat_id],
        });
        assertEquals(data, []);
      }),
    );
  },
);

Deno.test("two confirms and the expiry at once: one outcome for each upload", async () => {
  const chat_id = await user.createChat();
  const uploads = await reserve(user, chat_id, Array(16).fill(first));
  await Promise.all(uploads.map((upload) => put(upload, first.bytes)));
  const ids = uploads.map(({ id }) => id);
  // The moment of truth comes while the confirms are under way: some are in time, some are not.
  await asOperator((sql) =>
    sql`
      update uploads set expires_at = now() - interval '1 hour' + n * interval '15 milliseconds'
      from (select id, row_number() over (order by id) as n from uploads
            where chat_id = ${chat_id}) numbered
      where uploads.id = numbered.id`
  );
  const answers = await Promise.all([
    user.call("confirm-upload", { ids }),
    ...ids.map((id) => user.call("confirm-upload", { ids: [id] })),
    cleanup(),
    cleanup(),
  ]);
  for (const { status } of answers) assertEquals(status, 200);
  await cleanup();

  const { data: images } = await user.client.from("chat_images").select("id, s3_path")
    .eq("chat_id", chat_id);
  const { data: rows } = await user.client.from("uploads").select("id, status")
    .eq("chat_id", chat_id);
  const statusOf = new Map(rows!.map(({ id, status }) => [id, status]));
  const confirmed = new Set(images!.map(({ id }) => id));
  const keys = await keysBelow(`${user.id}/${chat_id}/images/`);
  for (const { id } of uploads) {
    assertEquals(statusOf.get(id), confirmed.has(id) ? "confirmed" : "expired");
  }
  for (const { s3_path } of images!) assert(keys.includes(s3_path));
  // Copies that came too late wait in the queue.
  const { data: queued } = await user.client.from("storage_deletions").select("target")
    .like("reason", "copy_%").like("target", `${user.id}/${chat_id}/%`);
  const doomed = new Set(queued!.map(({ target }) => target));
  for (const key of keys) {
    assertEquals(doomed.has(key), !images!.some(({ s3_path }) => s3_path === key), key);
  }
});
