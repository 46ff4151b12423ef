/**
 * S3_UPLOAD_ACCESS_KEY: what a key for uploads alone leaves of an attack by headers that nobody signed.
 * The policy is the one of docs/operations.md.
 */
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { createS3Client, loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import {
  ATTACKERS,
  attacks,
  incomingIn,
  type Outcome,
  outcome,
  storeVictim,
} from "../support/buckets/attacks.ts";
import { buckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { ownBucket } from "../support/buckets/own_bucket.ts";
import { type Scratch, scratch } from "../support/buckets/scratch.ts";
import { hostilePut, signedGet } from "../support/buckets/signed_put.ts";
import { exported, run } from "../support/storage_command.ts";

const withUploadKey = buckets.filter(({ uploadKey }) => uploadKey !== undefined);

const REFUSED: Outcome = [403, "nothing", false];

/** The policy that docs/operations.md gives for Ceph, for another bucket. */
async function documentedPolicy(bucket: string): Promise<string> {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/operations.md"));
  const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => json!);
  const policies = blocks.filter((json) => json.includes("user/chat-archive:upload"));
  assertEquals(policies.length, 1);
  return policies[0]!.replaceAll("arn:aws:s3:::chat-archive", `arn:aws:s3:::${bucket}`);
}

/** What comes of each attack. */
async function outcomes(place: Scratch, bucket: string): Promise<Record<string, Outcome>> {
  const victim = await storeVictim(place, bucket);
  const found: Record<string, Outcome> = {};
  for (const [name, headers] of Object.entries(attacks(victim))) {
    found[name] = await outcome(place, name, headers);
  }
  return found;
}

/** The functions can work with what is uploaded. */
async function worksFor(place: Scratch): Promise<void> {
  const { store, prefix } = place;
  assertEquals(await outcome(place, "plain", {}), [200, "the attacker's", false]);
  const key = `${incomingIn(place)}plain`;
  const copy = `${prefix}chat/images/plain`;
  assert(await store.copy(key, copy, (await store.head(key))!.etag) !== null);
  assertEquals((await signedGet(store, copy)).bytes, ATTACKERS);
  assertEquals(await store.deleteMany([key, copy]), []);
}

/** A bucket of its own under the documented policy. */
async function underPolicy(settings: BucketSettings) {
  const own = await ownBucket(settings);
  const { PutBucketPolicyCommand } = await loadSdk();
  const Policy = await documentedPolicy(own.bucket);
  await own.client.send(new PutBucketPolicyCommand({ Bucket: own.bucket, Policy }));
  return own;
}

testOnEachBucket(
  "on Ceph with a write-only subuser nothing of a stranger can be copied or published",
  async ({ settings, uploadKey }) => {
    await using place = scratch({ ...settings, uploadKey: uploadKey! });
    const mine: Outcome = [200, "the attacker's", false];
    assertEquals(await outcomes(place, settings.bucket), {
      copy: REFUSED,
      "copy without a slash": REFUSED,
      "copy and acl": REFUSED,
      "copy and grant": REFUSED,
      // Only what the attacker has sent, and nobody else's: the policy refuses this too.
      acl: [200, "the attacker's", true],
      grant: [200, "the attacker's", true],
      meta: mine,
    });
    await worksFor(place);
  },
  withUploadKey,
);

testOnEachBucket(
  "with the policy of docs/operations.md nothing is published, with either key",
  async ({ settings, uploadKey }) => {
    await using own = await underPolicy(settings);
    for (const keys of [{}, { uploadKey: uploadKey! }]) {
      await using place = scratch({ ...settings, bucket: own.bucket, ...keys });
      const { meta, ...others } = await outcomes(place, own.bucket);
      assertEquals(meta, [200, "the attacker's", false]);
      for (const [name, found] of Object.entries(others)) assertEquals(found, REFUSED, name);
      await worksFor(place);
    }
  },
  withUploadKey,
);

testOnEachBucket(
  "with that policy the upload key writes below incoming only, and does nothing else",
  async ({ settings, uploadKey }) => {
    await using own = await underPolicy(settings);
    const bucket = { ...settings, bucket: own.bucket };
    await using place = scratch({ ...bucket, uploadKey: uploadKey! });
    const key = `${place.prefix}chat/images/a`;
    await place.store.put({
      key,
      body: ATTACKERS,
      size: ATTACKERS.length,
      contentType: "image/png",
    });
    const put = await hostilePut(place.store, key, ATTACKERS);
    const upload = openBucket({ ...bucket, ...uploadKey });
    const sdk = await loadSdk();
    const s3 = await createS3Client({ ...bucket, ...uploadKey! }, bucket.endpoint, 5000);
    const refusal = (attempt: Promise<unknown>) =>
      attempt.then(() => "done", ({ $metadata }) => $metadata?.httpStatusCode);
    const Bucket = own.bucket;
    assertEquals({
      put: put.status,
      get: (await signedGet(upload, key)).status,
      list: await refusal(s3.send(new sdk.ListObjectsV2Command({ Bucket }))),
      delete: await refusal(s3.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }))),
      acl: await refusal(
        s3.send(new sdk.PutObjectAclCommand({ Bucket, Key: key, ACL: "public-read" })),
      ),
    }, { put: 403, get: 403, list: 403, delete: 403, acl: 403 });
    assert(await place.store.head(key) !== null);
  },
  withUploadKey,
);

testOnEachBucket(
  "storage check finds that policy good, and a key that can't upload bad",
  async ({ settings, uploadKey }) => {
    await using own = await underPolicy(settings);
    const check = async (keys: Partial<BucketSettings>) => {
      const env = exported({ ...settings, bucket: own.bucket, ...keys });
      return await run(["check", "--json"], { env });
    };
    const good = (await check({ uploadKey: uploadKey! })).json();
    assertEquals([good.uploads, good.copies_by_header, good.publishes_by_header], [
      "yes",
      "no",
      "no",
    ]);
    const bad = await check({ uploadKey: { ...uploadKey!, secretAccessKey: "wrong" } });
    assertEquals([bad.code, bad.json().uploads, bad.json().refused_types], [1, "no", []]);
    assertMatch(bad.notes.join("\n"), /warning: .*S3_UPLOAD_ACCESS_KEY/);
  },
  withUploadKey,
);
