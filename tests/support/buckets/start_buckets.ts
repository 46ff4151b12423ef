/**
 * The buckets that a run of the suite starts, beside the one of each stack.
 *
 * @module
 */
import { join } from "node:path";
import { misuse } from "../../../stack/failure.ts";
import { CEPH_PACKAGES, missingCephPackages, startCeph } from "./ceph.ts";
import { BUCKET_KINDS, type BucketUnderTest, EACH_BUCKET, TEST_BUCKETS } from "./kinds.ts";
import { startLenientBucket } from "./lenient.ts";

type Kind = typeof BUCKET_KINDS[number];

/** Kinds to run on, and why the others are left out. */
export interface ChosenKinds {
  kinds: Kind[];
  /** Sentences that begin with `skipped: `. */
  skipped: string[];
}

/** Does a test file run on each kind of bucket? */
export async function testsBuckets(file: string): Promise<boolean> {
  return (await Deno.readTextFile(file)).includes(EACH_BUCKET);
}

/**
 * @param asked value of `--bucket`; without it all kinds that are there
 * @throws {Failure} where there is no such kind, or what it needs is not installed
 */
export async function chooseKinds(asked: string | undefined): Promise<ChosenKinds> {
  const named = BUCKET_KINDS.filter((kind) => asked === undefined || ["all", kind].includes(asked));
  if (named.length === 0) {
    throw misuse(`--bucket ${asked} is not known`, `Give all, or ${BUCKET_KINDS.join(", ")}.`);
  }
  const missing = named.includes("ceph") ? await missingCephPackages() : [];
  if (missing.length > 0 && asked !== undefined) {
    throw misuse(
      `--bucket ${asked} needs Debian's ${missing.join(", ")}`,
      `Install them: apt-get install ${CEPH_PACKAGES.join(" ")}`,
    );
  }
  const kinds = named.filter((kind) => kind !== "ceph" || missing.length === 0);
  const skipped = BUCKET_KINDS.filter((kind) => !kinds.includes(kind)).map((kind) =>
    `skipped: tests of buckets on ${kind} (${
      named.includes(kind) ? `there is no ${missing.join(", ")}` : "not asked for"
    })`
  );
  return { kinds, skipped };
}

/** Buckets that run. */
export interface RunningBuckets extends AsyncDisposable {
  /** For the processes of tests. */
  env: Record<string, string>;
}

/** Starts those that are not a stack's own. @param folder that they may use */
export async function startBuckets(kinds: Kind[], folder: string): Promise<RunningBuckets> {
  await using resources = new AsyncDisposableStack();
  const started: BucketUnderTest[] = [];
  if (kinds.includes("lenient")) {
    const { settings } = resources.use(startLenientBucket());
    started.push({ kind: "lenient", settings });
  }
  if (kinds.includes("ceph")) {
    const { settings, uploadKey } = resources.use(await startCeph(join(folder, "ceph")));
    started.push({ kind: "ceph", settings, uploadKey });
  }
  const running = resources.move();
  return {
    env: { [TEST_BUCKETS]: JSON.stringify({ own: kinds.includes("embedded"), started }) },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
