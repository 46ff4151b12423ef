import {
  type BucketSettings,
  readBucketSettings,
  SettingsError,
} from "../../supabase/functions/_shared/settings.ts";
import { misuse } from "../../stack/failure.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { bucketOf } from "../operator_bucket.ts";
import { findStack, namesStack, type StackChoice } from "../running_stack.ts";

/** The bucket to work on. */
export interface Target {
  bucket: BucketSettings;
  stack: StackStatus | undefined;
  /** For people: which bucket, and who says so. */
  description: string;
}

/** Variables that say that a bucket is meant. The others have defaults. */
const DECISIVE = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"];

function describe({ bucket, endpoint, region }: BucketSettings, source: string): string {
  return `bucket ${bucket} at ${endpoint ?? `AWS, ${region}`} (${source})`;
}

/**
 * The bucket that the options name, else the one of S3_*, else that of the running stack.
 *
 * @throws {Failure} where there is none, or its settings are wrong
 */
export async function chooseTarget(
  choice: StackChoice,
  env: Record<string, string | undefined>,
): Promise<Target> {
  if (!namesStack(choice) && DECISIVE.some((name) => env[name])) {
    try {
      const bucket = readBucketSettings(env);
      return { bucket, stack: undefined, description: describe(bucket, "S3_*") };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      throw misuse(error.message, "See .env.example.", { cause: error });
    }
  }
  const stack = await findStack(choice, "Or set S3_* (see .env.example).");
  const bucket = bucketOf(stack);
  return { bucket, stack, description: describe(bucket, "the running stack") };
}
