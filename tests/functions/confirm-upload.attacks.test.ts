/**
 * Signed PUTs in hostile hands, all the way through confirm-upload, on each kind of bucket: whatever the
 * bucket lets them do, nothing of a stranger becomes theirs, and nothing that they smuggle in stays.
 */
import { gzipSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { acting } from "../support/buckets/acting.ts";
import { testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { withBucketOf } from "../support/buckets/with_bucket_of.ts";
import { anonymousGet, send, signedGet } from "../support/buckets/signed_put.ts";
import { type Bytes, image, png } from "../support/files.ts";
import { keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const victim = await signUp();
const attacker = await signUp();

const put = (
  { url, headers }: { url: string; headers: Record<string, string> },
  body: Bytes,
  more = {},
) => send(url, { method: "PUT", headers: { ...headers, ...more }, body });

const EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"';

testOnEachBucket(
  "what is copied from a victim is not confirmed, nor can anybody tell what it is",
  (under) =>
    withBucketOf([victim, attacker], under, async (store) => {
      const secret = image("secret.png", 7);
      const owner = acting(victim, store);
      const theirs = (await owner.reserve([secret]))[0]!;
      assertEquals((await put(theirs, secret.bytes)).status, 200);
      const { s3_path } = (await owner.confirm([theirs.id])).images[0]!;

      const thief = acting(attacker, store);
      const nothing = (await thief.reserve([image("a.png", 1)]))[0]!;
      const { rejected: [expected] } = await thief.confirm([nothing.id]);
      const copy = { "x-amz-copy-source": `/${under.settings.bucket}/${s3_path}` };
      for (
        const more of [
          copy,
          { ...copy, "x-amz-acl": "public-read" },
          { ...copy, "x-amz-grant-read": EVERYBODY },
        ]
      ) {
        // Of the same length, and of another one.
        for (const file of [image("a.png", 1), { ...image(), bytes: png(9, 9) }]) {
          const mine = (await thief.reserve([file]))[0]!;
          await put(mine, file.bytes, more);
          const { images, rejected } = await thief.confirm([mine.id]);
          assertEquals(images, []);
          assertEquals(rejected, [{ ...expected!, id: mine.id }]);
          const left = await keysBelow(`${attacker.id}/${mine.chat_id}/`, store);
          assertEquals(left, []);
        }
      }
      assertEquals((await signedGet(store, s3_path)).bytes, secret.bytes);
      assert((await anonymousGet(store, s3_path)).status !== 200);
    }),
);

testOnEachBucket(
  "other bytes, before or after the copy, become nothing",
  (under) =>
    withBucketOf([victim, attacker], under, async (store) => {
      const file = image("a.png", 1);
      const others = image("a.png", 2).bytes;
      const { reserve, confirm } = acting(attacker, store);
      const early = (await reserve([file]))[0]!;
      await put(early, file.bytes);
      const before = await confirm([early.id], {
        copy: async (...args) => {
          await put(early, others);
          return await store.copy(...args);
        },
      });
      assertEquals([before.images, before.rejected[0]?.code], [[], "upload_mismatch"]);

      const late = (await reserve([file]))[0]!;
      await put(late, file.bytes);
      const { images: [row] } = await confirm([late.id], {
        copy: async (...args) => {
          const copied = await store.copy(...args);
          await put(late, others);
          return copied;
        },
      });
      await put(late, others);
      assertEquals((await signedGet(store, row!.s3_path)).bytes, file.bytes);
    }),
);

testOnEachBucket(
  "headers that nobody signed are not on what is confirmed",
  (under) =>
    withBucketOf([victim, attacker], under, async (store) => {
      const file = image("a.png", 1);
      const { reserve, confirm } = acting(attacker, store);
      for (
        const more of [
          { "content-encoding": "gzip" },
          { "cache-control": "max-age=31536000", "x-amz-meta-name": "smuggled" },
          { "content-disposition": "attachment; filename=evil.exe", "content-language": "xx" },
        ]
      ) {
        const upload = (await reserve([file]))[0]!;
        if ((await put(upload, file.bytes, more)).status !== 200) continue;
        const { images: [row] } = await confirm([upload.id]);
        const { bytes, headers } = await signedGet(store, row!.s3_path);
        assertEquals(bytes, file.bytes);
        assertEquals(
          ["content-encoding", "x-amz-meta-name", "content-language"].map((name) =>
            headers.get(name)
          ),
          [null, null, null],
        );
        assert(!headers.get("cache-control")?.includes("31536000"));
      }

      // What a reader would unpack is compared as it is stored.
      const packed = new Uint8Array(gzipSync(new Uint8Array(1_000_000)));
      const bomb = (await reserve([{ ...image(), bytes: packed }]))[0]!;
      await put(bomb, packed, { "content-encoding": "gzip" });
      assertEquals((await confirm([bomb.id])).rejected[0]?.code, "upload_mismatch");
    }),
);
