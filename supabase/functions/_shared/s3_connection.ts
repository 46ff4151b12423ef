import type { Run } from "./s3_runner.ts";
import type { S3Timeouts } from "./s3_timeouts.ts";
import type { getSigner } from "./sign_url.ts";

/** What the verbs work with: one bucket, for one request. */
export interface S3Connection {
  bucket: string;
  /** Goes with each call. */
  requestId: string;
  timeouts: S3Timeouts;
  run: Run;
  /** Signs a GET for the address that functions reach. */
  signGet: ReturnType<typeof getSigner>;
  /** Throws unless the bucket is there: before an answer is believed that a missing one may give. */
  assertBucket(): Promise<void>;
  /** Versions that may still be listed in order to delete them: it counts down. */
  versionsLeft: { count: number };
  /** Does a delete leave versions behind? */
  keepsDeleted(): Promise<boolean>;
}
