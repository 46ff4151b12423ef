import { ChatArchiveError } from "@shared/errors.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import { Failure } from "../../stack/failure.ts";

/** Exit code where the bucket can't be worked with. */
const UNAVAILABLE = 3;

/** Bad arguments: exit code 2. */
export function misuse(message: string): Failure {
  return new Failure(message, "See `deno task storage --help`.", { exitCode: 2 });
}

/** No such object: exit code 1. */
export function noSuchObject(key: string): Failure {
  return new Failure(`there is no object ${key}`, "List what is there with `ls`.");
}

function nameOf(cause: unknown): string {
  const { name, code, Code } = (cause ?? {}) as { name?: string; code?: string; Code?: string };
  return [Code, code, name].find((text) => text && text !== "Error") ?? "no answer";
}

/** Words what the object store threw for the person who runs a command. */
export function explain(error: unknown, { bucket, endpoint }: BucketSettings): unknown {
  if (!(error instanceof ChatArchiveError)) return error;
  if (error.code === "invalid_request") return misuse(error.message);
  if (error.code !== "storage_unavailable") return error;
  const name = nameOf(error.cause);
  const options = { cause: error, exitCode: UNAVAILABLE };
  if (name === "NoSuchBucket" || name === "NotFound") {
    return new Failure(`there is no bucket ${bucket}`, "Create it, or mend S3_BUCKET.", options);
  }
  if (/AccessKey|Signature|AccessDenied|Forbidden|^403$/.test(name)) {
    return new Failure(
      `the bucket refuses these credentials (${name})`,
      "Mend S3_ACCESS_KEY, S3_SECRET_KEY or S3_REGION, or their rights.",
      options,
    );
  }
  return new Failure(
    `the bucket does not answer (${name})`,
    `Is ${endpoint ?? "AWS"} reachable from here?`,
    options,
  );
}
