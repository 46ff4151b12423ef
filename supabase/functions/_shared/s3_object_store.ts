/**
 * The bucket over the S3 API, path style or virtual host style.
 *
 * @module
 */
import { contentDisposition } from "./content_disposition.ts";
import type { ObjectStore } from "./object_store.ts";
import { bucketPresence } from "./s3_bucket_presence.ts";
import { createS3Client, withRequestId } from "./s3_client.ts";
import { check, readVerbs } from "./s3_read.ts";
import { createRunner } from "./s3_runner.ts";
import { S3_TIMEOUTS, type S3Timeouts } from "./s3_timeouts.ts";
import { askVersioning, rememberVersioning } from "./s3_versioning.ts";
import { writeVerbs } from "./s3_write.ts";
import type { BucketSettings } from "./settings.ts";
import { getSigner, objectsAddress, putSigner } from "./sign_url.ts";

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/**
 * Prepares to open the bucket; the connections are shared by all who do. Nothing is sent before the
 * first call.
 *
 * @param maxVersions that one request deletes of a bucket that keeps versions, about
 * @returns a function that opens it for one request, whose id goes with each call
 */
export function bucketOpener(
  settings: BucketSettings,
  timeouts: S3Timeouts = S3_TIMEOUTS,
  maxVersions = Infinity,
): (requestId: string) => ObjectStore {
  const { bucket, endpoint, publicEndpoint, uploadKey } = settings;
  const client = lazy(() => createS3Client(settings, endpoint, timeouts.attemptMs));
  const signGet = getSigner(settings, endpoint);
  // What is signed is for others to send: for the address that they reach.
  const signPublicGet = getSigner(settings, publicEndpoint);
  const signPublicPut = putSigner({ ...settings, ...uploadKey }, publicEndpoint);
  const presence = bucketPresence(timeouts.presenceMs);
  const versioning = rememberVersioning(timeouts.versioningMs);
  const address = objectsAddress(settings, publicEndpoint).href;

  return (requestId) => {
    const run = createRunner(
      async () => withRequestId(await client(), requestId),
      timeouts.operationMs,
    );
    const assertBucket = () => presence(() => check({ run, bucket }));
    const keepsDeleted = () => versioning(() => askVersioning({ run, bucket }));
    const connection = {
      bucket,
      requestId,
      timeouts,
      run,
      signGet,
      assertBucket,
      versionsLeft: { count: maxVersions },
      keepsDeleted,
    };
    return {
      address: (key) => address + key,
      presignPut: (request) => Promise.resolve(signPublicPut(request)),
      presignGet: ({ key, fileName, contentType, expiresIn, disposition }) =>
        Promise.resolve(signPublicGet({
          key,
          expiresIn,
          contentDisposition: contentDisposition(disposition, fileName),
          contentType,
        })),
      ...readVerbs(connection),
      ...writeVerbs(connection),
    };
  };
}

/** Opens the bucket for a program that works on its own behalf. */
export function openBucket(settings: BucketSettings, timeouts?: S3Timeouts): ObjectStore {
  return bucketOpener(settings, timeouts)(crypto.randomUUID());
}
