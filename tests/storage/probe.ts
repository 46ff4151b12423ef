/**
 * What a bucket does with all that the archive relies on, or must not rely on: one line for each question.
 *
 *   S3_ENDPOINT=… S3_BUCKET=… S3_ACCESS_KEY=… S3_SECRET_KEY=… deno run -A tests/storage/probe.ts
 *
 * Works below a prefix of its own, and removes what it stored. It judges nothing: what the archive needs
 * is tried by `deno task storage check` and tests/storage/endpoint.test.ts. Neither the address nor a key
 * is printed.
 *
 * @module
 */
import { reportFailure } from "../../stack/failure.ts";
import { loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import {
  type BucketSettings,
  readBucketSettings,
} from "../../supabase/functions/_shared/settings.ts";
import { scratchIn } from "../support/buckets/scratch_in.ts";
import { clientOf, type Ground, type Questions } from "./probe/ground.ts";
import { headers } from "./probe/headers.ts";
import { conditions, contents, many } from "./probe/objects.ts";
import {
  bindings,
  missingBucket,
  missingObject,
  strangers,
  wrongKey,
  wrongSecret,
} from "./probe/refusals.ts";

const SUBJECTS: Record<string, (ground: Ground) => Questions | Promise<Questions>> = {
  "Headers that nobody signed, on a signed PUT": headers,
  "A signed PUT, altered": bindings,
  "Without a key": strangers,
  "Conditions and ETags": conditions,
  "Parts and checksums": contents,
  "A missing object": missingObject,
  "A missing bucket": missingBucket,
  "A wrong secret": wrongSecret,
  "A wrong access key": wrongKey,
  "Many objects": many,
};

/** One answer. */
export interface Observation {
  subject: string;
  question: string;
  /** In one line. */
  answer: string;
}

/**
 * Asks a bucket everything.
 *
 * @throws {ChatArchiveError} where what was stored can't be removed
 */
export async function* probe(settings: BucketSettings): AsyncIterable<Observation> {
  await using place = scratchIn(settings);
  const s3 = await clientOf(settings);
  const ground = { settings, place, s3, sdk: await loadSdk() };
  for (const [subject, questionsOf] of Object.entries(SUBJECTS)) {
    for (const [question, ask] of Object.entries(await questionsOf(ground))) {
      const answer = await ask().catch((error) => {
        const { name, cause } = error as Error;
        return `failed: ${name} ${(cause as Error | undefined)?.name ?? ""}`.trim();
      });
      yield { subject, question, answer };
    }
  }
}

async function main(): Promise<number> {
  let last = "";
  for await (
    const { subject, question, answer } of probe(readBucketSettings(Deno.env.toObject()))
  ) {
    if (subject !== last) console.log(`${last && "\n"}${subject}`);
    last = subject;
    console.log(`  ${question.padEnd(30)} ${answer}`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
