import { ChatArchiveError } from "@shared/errors.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import { Failure, misuse, unreachable } from "../../stack/failure.ts";

/** No such object: exit code 1. */
export function noSuchObject(key: string): Failure {
  return new Failure(`there is no object ${key}`, "List what is there with `ls`.");
}

/** What the SDK throws. */
interface Cause {
  name?: string;
  code?: string | number;
  Code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** The code that the bucket gave, else its status, else what happened on the way to it. */
function codeOf(error: ChatArchiveError): string {
  const { name, code, Code, $metadata } = (error.cause ?? {}) as Cause;
  // A DOMException's code is a number that tells nobody anything.
  const texts = [Code, code, name].filter((text) => typeof text === "string");
  const known = texts.find((text) => text !== "" && !/^(Error|Unknown.*)$/.test(text));
  return known ?? String($metadata?.httpStatusCode ?? "no answer");
}

/** What a bucket's refusals mean: a sentence about it, and what to do. */
const REFUSALS: [RegExp, sentence: string, advice: string][] = [
  [/^(NoSuchBucket|NotFound)$/, "is not there", "Create it, or correct S3_BUCKET."],
  [/AccessKey/, "does not know the access key", "Correct S3_ACCESS_KEY."],
  [
    /Signature/,
    "refuses the signature",
    "Correct S3_SECRET_KEY (or S3_REGION): it does not fit S3_ACCESS_KEY.",
  ],
  [
    /AccessDenied|Forbidden|^403$/,
    "refuses this key",
    "Give the key of S3_ACCESS_KEY rights on the bucket, or correct it and S3_SECRET_KEY.",
  ],
  [
    /^(5\d\d|Internal(Error|Failure)|ServiceUnavailable|SlowDown)$/,
    "answers with an error of its own",
    "Look at the server's log or its provider's status page, and try again.",
  ],
];

/** Did the bucket refuse without saying why? An answer to HEAD has no body to say it in. */
export function isUnexplained(error: unknown): boolean {
  return error instanceof ChatArchiveError && /^(Forbidden|4\d\d)$/.test(codeOf(error));
}

/** Words what the object store threw for the person who runs a command. */
export function explain(error: unknown, { bucket, endpoint, region }: BucketSettings): unknown {
  if (!(error instanceof ChatArchiveError)) return error;
  if (error.code === "invalid_request") return misuse(error.message);
  if (error.code !== "storage_unavailable") return error;
  const code = codeOf(error);
  const where = endpoint ?? `AWS, ${region}`;
  const refusal = REFUSALS.find(([pattern]) => pattern.test(code));
  if (refusal) {
    const [, sentence, advice] = refusal;
    return unreachable(`bucket ${bucket} at ${where} ${sentence} (${code})`, advice, {
      cause: error,
    });
  }
  return unreachable(
    `${where} does not answer (${code})`,
    "Correct S3_ENDPOINT, or see whether it can be reached from here.",
    { cause: error },
  );
}
