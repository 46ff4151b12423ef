/**
 * The AWS SDK's client, set up so that nothing waits for ever and every S3-compatible bucket
 * understands it.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import type { BucketSettings } from "./settings.ts";

/** Milliseconds to connect. */
const CONNECTION_TIMEOUT_MS = 3_000;

// The SDK costs about 140 ms to import: only a request that needs the bucket pays for it.
/** Loads the SDK. */
export const loadSdk = () => import("@aws-sdk/client-s3");

/** The SDK would write some warnings straight to the console. What fails is thrown. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens a client. Attempts are repeated up to twice, with growing and random pauses.
 *
 * @param requestTimeout milliseconds until the answer to one attempt begins
 */
export async function createS3Client(
  settings: BucketSettings,
  endpoint: string | undefined,
  requestTimeout: number,
): Promise<S3Client> {
  const [{ S3Client }, { Crc32 }] = await Promise.all([loadSdk(), import("./s3_checksum.ts")]);
  return new S3Client({
    ...(endpoint ? { endpoint } : {}),
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    credentials: {
      accessKeyId: settings.accessKeyId,
      secretAccessKey: settings.secretAccessKey,
    },
    // The default adds checksum headers that not all S3-compatible buckets know, and that would
    // become part of what a browser has to send.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    checksumAlgorithms: { CRC32: Crc32 },
    // A bucket that ignores the header would cost six seconds an upload.
    expectContinueHeader: false,
    logger: SILENT,
    retryMode: "standard",
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout,
      throwOnRequestTimeout: true,
    },
  });
}

/** The same client, without repetitions: what failed may have been done, or may still be. */
export function sentOnce(client: S3Client): S3Client {
  const once: S3Client = Object.create(client);
  once.middlewareStack = client.middlewareStack.clone();
  // In its place, because the signing middleware is put beside it by name.
  once.middlewareStack.add((next) => next, {
    name: "retryMiddleware",
    step: "finalizeRequest",
    priority: "high",
    override: true,
  });
  return once;
}

/** The same client, with a request id on all that it sends: the bucket's logs can be joined to ours. */
export function withRequestId(client: S3Client, requestId: string): S3Client {
  const tagged: S3Client = Object.create(client);
  tagged.middlewareStack = client.middlewareStack.clone();
  tagged.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers["x-request-id"] = requestId;
      return next(args);
    },
    { step: "build", name: "requestId" },
  );
  return tagged;
}
