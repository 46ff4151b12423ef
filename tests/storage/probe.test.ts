/** The probe of any bucket: it answers everything, tells kinds apart, and leaves nothing behind. */
import { assert, assertEquals } from "@std/assert";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import type { BUCKET_KINDS } from "../support/buckets/kinds.ts";
import { probe } from "./probe.ts";

/** A few answers that kinds differ in. */
const EXPECTED: Record<typeof BUCKET_KINDS[number], Record<string, string>> = {
  embedded: {
    copy: "403, nothing lies there, closed to strangers",
    "copy if-match another": "412 PreconditionFailed",
  },
  lenient: {
    copy: "200, the victim's bytes lie there, closed to strangers",
    "copy if-match another": "200",
  },
  ceph: {
    "copy and acl": "200, the victim's bytes lie there, anybody can read them",
    "copy if-match another": "200",
  },
};

/** Answers of every kind. */
const OF_ALL = {
  "as it was signed": "200",
  "a byte more": "403 SignatureDoesNotMatch",
  "read without a signature": "403 AccessDenied",
  "bytes 2-4": "206, 3 bytes, bytes 2-4/10",
  "pages together": "1000 + 1, all, in order",
};

const keysOf = async (pages: AsyncIterable<{ key: string }[]>) =>
  (await Array.fromAsync(pages)).flat().map(({ key }) => key);

testOnEachBucket("the probe tells what a bucket does", async ({ kind, settings }) => {
  const before = await keysOf(openBucket(settings).list("test-"));
  const observations = await Array.fromAsync(probe(settings));
  const answers = new Map(observations.map(({ question, answer }) => [question, answer]));
  assert(observations.length > 90, `${observations.length}`);
  for (const { question, answer } of observations) {
    assert(!answer.startsWith("failed") && !answer.includes("\n"), `${question}: ${answer}`);
    assert(!answer.includes(settings.secretAccessKey) && !answer.includes(settings.accessKeyId));
  }
  const expected = { ...OF_ALL, ...EXPECTED[kind as typeof BUCKET_KINDS[number]] };
  for (const [question, answer] of Object.entries(expected)) {
    assertEquals(answers.get(question), answer, question);
  }
  assertEquals(await keysOf(openBucket(settings).list("test-")), before);
}, knownBuckets);
