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
  /** Is a copy refused where its source has another ETag than the one named? */
  copyConditions: boolean;
  /** Is a read? */
  readConditions: boolean;
  /** ETags in quotes: of a PUT and a HEAD, and of a copy. */
  quotedEtags: boolean;
  quotedCopyEtags: boolean;
}

const EXPECTED: Record<typeof BUCKET_KINDS[number], Conduct> = {
  embedded: {
    copyConditions: true,
    readConditions: true,
    quotedEtags: true,
    quotedCopyEtags: true,
  },
  lenient: {
    copyConditions: false,
    readConditions: false,
    quotedEtags: false,
    quotedCopyEtags: false,
  },
  ceph: {
    copyConditions: false,
    readConditions: true,
    quotedEtags: true,
    quotedCopyEtags: false,
  },
};

const expectedOf = (kind: string) => EXPECTED[kind as typeof BUCKET_KINDS[number]];
const verified = new TextEncoder().encode("what was verified");
const swapped = new TextEncoder().encode("what was swapped in");

testOnEachBucket("a swap between the look and the copy", async ({ kind, settings }) => {
  await using place = scratch(settings);
  const { store, prefix } = place;
  const [incoming, final] = [`${prefix}incoming`, `${prefix}final`];
  await hostilePut(store, incoming, verified);
  const { etag } = (await store.head(incoming))!;
  await hostilePut(store, incoming, swapped);
  const copy = await store.copy(incoming, final, etag);
  const bytes = await store.get(final).then((object) =>
    object && new Response(object.body).bytes()
  );
  const { copyConditions } = expectedOf(kind);
  assertEquals([copy === null, bytes], [copyConditions, copyConditions ? null : swapped]);
}, knownBuckets);

testOnEachBucket("a swap after the copy reaches the incoming key only", async ({ settings }) => {
  await using place = scratch(settings);
  const { store, prefix } = place;
  const [incoming, final] = [`${prefix}incoming`, `${prefix}final`];
  await hostilePut(store, incoming, verified);
  await store.copy(incoming, final, (await store.head(incoming))!.etag);
  await hostilePut(store, incoming, swapped);
  assertEquals(await new Response((await store.get(final))!.body).bytes(), verified);
}, knownBuckets);

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
  "ETags: of one version always the same, but for their quotes",
  async ({ kind, settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const [key, to] = [`${prefix}a`, `${prefix}b`];
    const body = verified;
    const put = await store.put({ key, body, size: body.length, contentType: CONTENT_TYPE });
    const head = (await store.head(key))!.etag;
    const copy = (await store.copy(key, to, head))!;
    const { quotedEtags, quotedCopyEtags } = expectedOf(kind);
    const plain = /^[0-9a-f]{32}$/;
    const quoted = /^"[0-9a-f]{32}"$/;
    for (const etag of [put, head]) assertMatch(etag, quotedEtags ? quoted : plain);
    assertMatch(copy, quotedCopyEtags ? quoted : plain);
    const bare = (etag: string) => etag.replaceAll('"', "");
    assertEquals([bare(head), bare(copy)], [bare(put), bare(put)]);
  },
  knownBuckets,
);
