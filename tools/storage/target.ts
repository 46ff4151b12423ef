import { resolve } from "node:path";
import {
  type BucketSettings,
  readBucketSettings,
  SettingsError,
} from "../../supabase/functions/_shared/settings.ts";
import { Failure } from "../../stack/failure.ts";
import { bucketOf } from "../operator_bucket.ts";
import {
  DEFAULT_DATA_DIR,
  readStatus,
  type StackStatus,
  statusFileOf,
} from "../../stack/status_file.ts";

/** Options that choose the bucket. */
export const TARGET_OPTIONS = {
  "data-dir": { type: "string" },
  "status-file": { type: "string" },
} as const;

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
  options: { "data-dir"?: string | undefined; "status-file"?: string | undefined },
  env: Record<string, string | undefined>,
): Promise<Target> {
  const { "data-dir": dataDir, "status-file": statusFile } = options;
  const named = dataDir !== undefined || statusFile !== undefined;
  if (!named && DECISIVE.some((name) => env[name])) {
    try {
      const bucket = readBucketSettings(env);
      return { bucket, stack: undefined, description: describe(bucket, "S3_*") };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      throw new Failure(error.message, "See .env.example.", { exitCode: 2 });
    }
  }
  const stack = await readStatus(resolve(statusFile ?? statusFileOf(dataDir ?? DEFAULT_DATA_DIR)))
    .catch((error) => {
      if (!(error instanceof Failure) || named) throw error;
      throw new Failure(error.message, `${error.mend} Or set S3_* (see .env.example).`, {
        cause: error,
      });
    });
  const bucket = bucketOf(stack);
  return { bucket, stack, description: describe(bucket, "the running stack") };
}
