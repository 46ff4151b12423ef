/**
 * Tests that run on each kind of bucket that the run has.
 *
 * @module
 */
import { bucketOf } from "../../../tools/operator_bucket.ts";
import { applicationOrigin } from "../../../tools/storage/check.ts";
import { readBucketSettings } from "../../../supabase/functions/_shared/settings.ts";
import { logFile, stack } from "../stack.ts";
import { BUCKET_KINDS, type BucketUnderTest, TEST_BUCKETS } from "./kinds.ts";

/** Set by `--external-s3` only: S3_* alone never sends a test to somebody's bucket. */
export const EXTERNAL_S3 = "TEST_EXTERNAL_S3";

const isExternal = Deno.env.get(EXTERNAL_S3) === "1";

function bucketsOfRun(): BucketUnderTest[] {
  if (isExternal) return [{ kind: "external", settings: readBucketSettings(Deno.env.toObject()) }];
  const { own, started } = JSON.parse(
    Deno.env.get(TEST_BUCKETS) ?? '{"own":true,"started":[]}',
  );
  const kind = logFile ? "embedded" : "platform";
  return [...(own ? [{ kind, settings: bucketOf(stack) }] : []), ...started];
}

/** Those of this run. */
export const buckets: BucketUnderTest[] = bucketsOfRun();

/** Those of which it is known what they let happen. */
export const knownBuckets: BucketUnderTest[] = buckets.filter(({ kind }) =>
  BUCKET_KINDS.some((known) => known === kind)
);

/** A page that each bucket's CORS rules let in: of the application, where the settings name it. */
export const allowedOrigin: string = isExternal && applicationOrigin(Deno.env.toObject()) ||
  "https://app.example";

/** Registers a test for each bucket. @param of by default all of the run */
export function testOnEachBucket(
  name: string,
  work: (bucket: BucketUnderTest, t: Deno.TestContext) => Promise<void>,
  of: BucketUnderTest[] = buckets,
): void {
  for (const bucket of of) Deno.test(`${name} [${bucket.kind}]`, (t) => work(bucket, t));
}
