/**
 * The kinds of bucket that tests of buckets run on, and what each lets happen.
 *
 * @module
 */
import type { BucketSettings, KeyPair } from "../../../supabase/functions/_shared/settings.ts";

/** The kinds that `deno task test --bucket` knows. */
export const BUCKET_KINDS = ["embedded", "lenient", "ceph"] as const;

/**
 * A kind. `platform` is the bucket of a running stack (`--external`), `external` the one of S3_*
 * (`--external-s3`); of these two nothing is known before.
 */
export type BucketKind = typeof BUCKET_KINDS[number] | "platform" | "external";

/** A bucket to test. */
export interface BucketUnderTest {
  kind: BucketKind;
  settings: BucketSettings;
  /** A second key that can only write, where the kind can make one. The settings do not use it. */
  uploadKey?: KeyPair;
}

/** Is it the stack's own, which its functions use and its worker sweeps? */
export const isStacksOwn = ({ kind }: BucketUnderTest): boolean =>
  kind === "embedded" || kind === "platform";

/** Variable with the buckets that the run has started, as JSON: see tests/run.ts. */
export const TEST_BUCKETS = "TEST_BUCKETS";

/** Files of tests import this one to run on each kind. */
export const EACH_BUCKET = "support/buckets/each_bucket.ts";
