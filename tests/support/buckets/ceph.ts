/**
 * A real Ceph RGW, from Debian's packages, in a temporary folder on loopback.
 *
 * @module
 */
import { join } from "node:path";
import { Failure } from "../../../stack/failure.ts";
import { freePort } from "../../../stack/ports.ts";
import { createS3Client, loadSdk } from "../../../supabase/functions/_shared/s3_client.ts";
import type { BucketSettings, KeyPair } from "../../../supabase/functions/_shared/settings.ts";
import { eventually } from "../eventually.ts";

/** What it is made of: a program by Debian's package. */
const PROGRAMS = {
  "ceph-mon": "ceph-mon",
  "ceph-osd": "ceph-osd",
  radosgw: "radosgw",
  "ceph-common": "radosgw-admin",
};

/** Milliseconds that a start may take on a busy machine. */
const START_LIMIT_MS = 120_000;
/** Milliseconds for one request of the preparation. */
const REQUEST_TIMEOUT_MS = 20_000;

async function isThere(program: string): Promise<boolean> {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const found = folders.map((folder) => Deno.stat(join(folder, program)).catch(() => undefined));
  return (await Promise.all(found)).some((file) => file?.isFile);
}

/** All of Debian's packages that it needs. */
export const CEPH_PACKAGES: string[] = Object.keys(PROGRAMS);

/** Debian's packages that have to be installed first. */
export async function missingCephPackages(): Promise<string[]> {
  const there = await Promise.all(Object.values(PROGRAMS).map(isThere));
  return CEPH_PACKAGES.filter((_, index) => !there[index]);
}

/** A bucket that browsers may upload to. */
async function createBucket(settings: BucketSettings): Promise<void> {
  const { CreateBucketCommand, PutBucketCorsCommand } = await loadSdk();
  const client = await createS3Client(settings, settings.endpoint, REQUEST_TIMEOUT_MS);
  const Bucket = settings.bucket;
  await client.send(new CreateBucketCommand({ Bucket }));
  const rule = {
    AllowedOrigins: ["*"],
    AllowedMethods: ["GET", "HEAD", "PUT"],
    AllowedHeaders: ["content-type"],
  };
  await client.send(
    new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }),
  );
  client.destroy();
}

/** A running Ceph with an empty bucket. */
export interface Ceph extends AsyncDisposable {
  settings: BucketSettings;
  /** Of a subuser of the same user that can only write. */
  uploadKey: KeyPair;
}

/**
 * Starts it. It ends, and its folder goes, also where this process is killed.
 *
 * @param folder is created; no other process may be able to write where it lies
 * @throws {Failure} where it does not start; its log went to standard error
 */
export async function startCeph(folder: string): Promise<Ceph> {
  const [port, monitor, monitorV1] = [freePort(), freePort(), freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const newKey = () => ({
    accessKeyId: crypto.randomUUID(),
    secretAccessKey: crypto.randomUUID(),
  });
  const settings: BucketSettings = {
    ...newKey(),
    endpoint,
    publicEndpoint: endpoint,
    region: "us-east-1",
    bucket: "chat-archive",
    forcePathStyle: true,
  };
  const uploadKey = newKey();
  const script = join(import.meta.dirname!, "ceph.sh");
  const child = new Deno.Command("sh", {
    args: [
      script,
      folder,
      ...[port, monitor, monitorV1].map(String),
      ...[settings, uploadKey].flatMap((key) => [key.accessKeyId, key.secretAccessKey]),
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let over = false;
  child.status.then(() => over = true);
  const stop = async () => {
    await child.stdin.close().catch(() => {});
    await child.status;
  };
  try {
    await eventually("Ceph is ready", async () => {
      if (over) throw new Failure("Ceph did not start", "See its log above.");
      const answer = await fetch(endpoint).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok;
    }, START_LIMIT_MS);
    await createBucket(settings);
    return { settings, uploadKey, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
