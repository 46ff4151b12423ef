/**
 * What the probe's questions are asked with, and how answers are told.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { createS3Client, type loadSdk } from "../../../supabase/functions/_shared/s3_client.ts";
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";
import type { Scratch } from "../../support/buckets/scratch_in.ts";
import type { Answer } from "../../support/buckets/signed_put.ts";

/** Milliseconds for one attempt of the SDK. */
const TIMEOUT_MS = 20_000;

/** A bucket, and a place in it that is the probe's own. */
export interface Ground {
  settings: BucketSettings;
  place: Scratch;
  sdk: Awaited<ReturnType<typeof loadSdk>>;
  s3: S3Client;
}

/**
 * Questions by name, asked in turn. Each says in one line what the bucket did; one that throws is told as
 * a failure of its own.
 */
export type Questions = Record<string, () => Promise<string>>;

/** An answer to a plain request: its status, and S3's code where it is an error. */
export function told({ status, bytes }: Pick<Answer, "status" | "bytes">): string {
  if (status < 300) return String(status);
  const text = new TextDecoder().decode(bytes);
  // Storage's own API, in front of its S3 protocol, answers in JSON.
  const [, code] = /<Code>(\w+)<\/Code>/.exec(text) ?? /"error":"(\w+)"/.exec(text) ?? [];
  return code ? `${status} ${code}` : String(status);
}

/** What the SDK made of an answer: `200`, what `say` tells of it, or the status and code of an error. */
export async function outcomeOf<T>(
  attempt: Promise<T>,
  say: (result: T) => string = () => "200",
): Promise<string> {
  try {
    return say(await attempt);
  } catch (error) {
    const { name, Code, $metadata } = error as {
      name: string;
      Code?: string;
      $metadata?: { httpStatusCode?: number };
    };
    return `${$metadata?.httpStatusCode ?? "no answer"} ${Code ?? name}`;
  }
}

/** A client that is set up otherwise. */
export function clientOf(settings: BucketSettings): Promise<S3Client> {
  return createS3Client(settings, settings.endpoint, TIMEOUT_MS);
}

/** Stores an object with the SDK. @returns its key */
export async function stored(
  { s3, sdk, settings, place }: Ground,
  name: string,
  Body = "0123456789",
) {
  const Key = `${place.prefix}${name}`;
  await s3.send(
    new sdk.PutObjectCommand({ Bucket: settings.bucket, Key, Body, ContentType: "image/png" }),
  );
  return Key;
}
