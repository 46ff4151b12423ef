/**
 * Which conditions each kind of bucket honours, and how it writes ETags. Nothing may rely on more than
 * the weakest does.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import type { BUCKET_KINDS } from "../support/buckets/kinds.ts";
import { scratch } from "../support/buckets/scratch.ts";
import { CONTENT_TYPE, hostilePut } from "../support/buckets/signed_put.ts";

/** What a kind of bucket does. */
interface Conduct {
  /** Is a read refused of an object with another ETag than the one named? */
  readConditions: boolean;
  /** Are ETags in quotes? */
  quotedEtags: boolean;
}

const EXPECTED: Record<typeof BUCKET_KINDS[number], Conduct> = {
  embedded: {
    readConditions: true,
    quotedEtags: true,
  },
  lenient: {
    readConditions: false,
    quotedEtags: false,
  },
  ceph: {
    readConditions: true,
    quotedEtags: true,
  },
};

const expectedOf = (kind: string) => EXPECTED[kind as typeof BUCKET_KINDS[number]];
const verified = new TextEncoder().encode("what was verified");
const swapped = new TextEncoder().encode("what was swapped in");

testOnEachBucket("a swap between two reads", async ({ kind, settings }) => {
  await using place = scratch(settings);
  const { store, prefix } = place;
  const key = `${prefix}a`;
  await hostilePut(store, key, verified);
  const { etag } = (await store.head(key))!;
  await hostilePut(store, key, swapped);
  const object = await store.get(key, { etag });
  await object?.body.cancel();
  assertEquals(object === null, expectedOf(kind).readConditions);
}, knownBuckets);

testOnEachBucket(
  "ETags: of one version always the same",
  async ({ kind, settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const key = `${prefix}a`;
    const body = verified;
    const put = await store.put({ key, body, size: body.length, contentType: CONTENT_TYPE });
    const head = (await store.head(key))!.etag;
    const { quotedEtags } = expectedOf(kind);
    for (const etag of [put, head]) {
      assertMatch(etag, quotedEtags ? /^"[0-9a-f]{32}"$/ : /^[0-9a-f]{32}$/);
    }
    assertEquals(head, put);
  },
  knownBuckets,
);
