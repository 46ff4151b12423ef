/**
 * What becomes of a signed PUT when whoever holds its URL adds headers that nobody signed, on each kind
 * of bucket. This is the ground that uploads stand on: nothing may rely on a bucket that refuses.
 */
import { gzipSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import type { BUCKET_KINDS } from "../support/buckets/kinds.ts";
import {
  ATTACKERS,
  attacks,
  type Outcome,
  outcome,
  storeVictim,
} from "../support/buckets/attacks.ts";
import { scratch } from "../support/buckets/scratch.ts";
import { anonymousGet, hostilePut, signedGet } from "../support/buckets/signed_put.ts";

const refused: Outcome = [403, "nothing", false];
const copied: Outcome = [200, "the victim's", false];
const stored: Outcome = [200, "the attacker's", false];

const EXPECTED: Record<string, Record<typeof BUCKET_KINDS[number], Outcome>> = {
  copy: { embedded: refused, lenient: copied, ceph: copied },
  "copy without a slash": { embedded: refused, lenient: copied, ceph: copied },
  acl: { embedded: refused, lenient: stored, ceph: [200, "the attacker's", true] },
  grant: { embedded: refused, lenient: stored, ceph: [200, "the attacker's", true] },
  "copy and acl": { embedded: refused, lenient: copied, ceph: [200, "the victim's", true] },
  "copy and grant": { embedded: refused, lenient: copied, ceph: [200, "the victim's", true] },
  meta: { embedded: refused, lenient: stored, ceph: stored },
};

testOnEachBucket("a header that nobody signed, on a signed PUT", async ({ kind, settings }, t) => {
  await using place = scratch(settings);
  const victim = await storeVictim(place, settings.bucket);
  for (const [name, headers] of Object.entries(attacks(victim))) {
    await t.step(name, async () => {
      const expected = EXPECTED[name]![kind as typeof BUCKET_KINDS[number]];
      assertEquals(await outcome(place, name, headers), expected);
    });
  }
}, knownBuckets);

testOnEachBucket("what was never published stays closed to strangers", async ({ settings }) => {
  await using place = scratch(settings);
  await storeVictim(place, settings.bucket);
  assertEquals((await anonymousGet(place.store, `${place.prefix}victim`)).status, 403);
}, knownBuckets);

testOnEachBucket(
  "metadata that nobody signed is kept and handed on",
  async ({ kind, settings }) => {
    await using place = scratch(settings);
    const key = `${place.prefix}a`;
    await hostilePut(place.store, key, ATTACKERS, {
      "x-amz-meta-name": "smuggled",
      "cache-control": "max-age=5",
    });
    const { headers } = await signedGet(place.store, key);
    assertEquals(
      [headers.get("x-amz-meta-name"), headers.get("cache-control")],
      kind === "embedded" ? [null, null] : ["smuggled", "max-age=5"],
    );
  },
  knownBuckets,
);

testOnEachBucket(
  "an encoding that nobody signed is kept, unpacked by readers, and lost in a copy",
  async ({ settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const key = `${prefix}a`;
    const packed = new Uint8Array(gzipSync(new Uint8Array(100_000)));
    assertEquals(
      (await hostilePut(store, key, packed, { "content-encoding": "gzip" })).status,
      200,
    );
    const { headers, bytes } = await signedGet(store, key);
    assertEquals([headers.get("content-encoding"), bytes.length], ["gzip", packed.length]);
    // The size that the bucket tells is that of the packed bytes; what `fetch` makes of them is larger.
    assertEquals((await store.head(key))?.size, packed.length);
    const read = await store.bytes(key);
    assertEquals(read?.reduce((sum, { length }) => sum + length, 0), 100_000);
    // Our copy leaves it behind.
    assertEquals(await store.copy(key, `${prefix}b`, "image/png"), true);
    const copy = await signedGet(store, `${prefix}b`);
    assertEquals([copy.headers.get("content-encoding"), copy.bytes], [null, packed]);
  },
  knownBuckets,
);
