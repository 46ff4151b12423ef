/**
 * The bucket over the S3 API, path style or virtual host style.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { ChatArchiveError } from "@shared/errors.ts";
import { contentDisposition } from "./content_disposition.ts";
import type { ObjectStore } from "./object_store.ts";
import type { BucketSettings } from "./settings.ts";

/** Milliseconds to connect, and to wait for bytes. */
const CONNECTION_TIMEOUT = 3_000;
const REQUEST_TIMEOUT = 20_000;

// The SDK costs about 140 ms to import: only a request that needs the bucket pays for it.
const loadSdk = () => import("@aws-sdk/client-s3");
const loadPresigner = () => import("@aws-sdk/s3-request-presigner");

interface S3Error extends Error {
  $metadata?: { httpStatusCode?: number };
  Code?: string;
}

function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as S3Error;
  // A bucket that is missing is a failure; an object that is missing is an answer.
  return name !== "NoSuchBucket" && $metadata?.httpStatusCode === 404;
}

function isPreconditionFailed(error: unknown): boolean {
  return (error as S3Error).$metadata?.httpStatusCode === 412;
}

function unavailable(error: unknown): ChatArchiveError {
  return new ChatArchiveError("storage_unavailable", "the object storage did not answer", {
    cause: error,
  });
}

async function createClient(settings: BucketSettings, endpoint: string | undefined) {
  const { S3Client } = await loadSdk();
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
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      throwOnRequestTimeout: true,
    },
  });
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** Opens the bucket. Nothing is sent before the first call. */
export function openBucket(settings: BucketSettings): ObjectStore {
  const { bucket: Bucket } = settings;
  const client = lazy(() => createClient(settings, settings.endpoint));
  const publicClient = settings.publicEndpoint === settings.endpoint
    ? client
    : lazy(() => createClient(settings, settings.publicEndpoint));

  /** Runs an operation; what it throws becomes ours, unless `expected` turns it into an answer. */
  async function run<T>(
    operation: (s3: S3Client, sdk: Awaited<ReturnType<typeof loadSdk>>) => Promise<T>,
    expected?: (error: unknown) => boolean,
  ): Promise<T | null> {
    try {
      return await operation(await client(), await loadSdk());
    } catch (error) {
      if (expected?.(error)) return null;
      throw unavailable(error);
    }
  }

  return {
    address(key) {
      const { publicEndpoint, region, forcePathStyle } = settings;
      const base = new URL(publicEndpoint ?? `https://s3.${region}.amazonaws.com`);
      if (!forcePathStyle) base.hostname = `${Bucket}.${base.hostname}`;
      const folder = base.pathname.replace(/\/$/, "") + (forcePathStyle ? `/${Bucket}` : "");
      return `${base.origin}${folder}/${key}`;
    },

    async presignPut({ key, contentType, size, expiresIn }) {
      const { PutObjectCommand } = await loadSdk();
      const { getSignedUrl } = await loadPresigner();
      const command = new PutObjectCommand({
        Bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: size,
      });
      const url = await getSignedUrl(await publicClient(), command, {
        expiresIn,
        signableHeaders: new Set(["content-length", "content-type", "host"]),
      });
      const signed = new URL(url).searchParams.get("X-Amz-SignedHeaders");
      if (signed !== "content-length;content-type;host") {
        // An SDK that stops signing them would hand out URLs that take anything.
        throw new Error(`the signed PUT binds only ${signed}`);
      }
      return url;
    },

    async presignGet({ key, fileName, contentType, expiresIn, disposition }) {
      const { GetObjectCommand } = await loadSdk();
      const { getSignedUrl } = await loadPresigner();
      const command = new GetObjectCommand({
        Bucket,
        Key: key,
        ResponseContentDisposition: contentDisposition(disposition, fileName),
        ResponseContentType: contentType,
      });
      return await getSignedUrl(await publicClient(), command, { expiresIn });
    },

    head: (key) =>
      run(async (s3, { HeadObjectCommand }) => {
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
        return {
          size: head.ContentLength ?? -1,
          contentType: head.ContentType ?? "",
          etag: head.ETag ?? "",
        };
      }, isMissing),

    read: (key, { start, end }, etag) =>
      run(async (s3, { GetObjectCommand }) => {
        const object = await s3.send(
          new GetObjectCommand({
            Bucket,
            Key: key,
            Range: `bytes=${start}-${end}`,
            IfMatch: etag,
          }),
        );
        return await object.Body!.transformToByteArray();
      }, (error) => isMissing(error) || isPreconditionFailed(error)),

    copy: (from, to, etag) =>
      run(async (s3, { CopyObjectCommand }) => {
        const { CopyObjectResult } = await s3.send(
          new CopyObjectCommand({
            Bucket,
            CopySource: `${Bucket}/${from}`,
            CopySourceIfMatch: etag,
            Key: to,
          }),
        );
        return CopyObjectResult?.ETag ?? "";
      }, (error) => isMissing(error) || isPreconditionFailed(error)),

    async deleteMany(keys) {
      const failures = await run(async (s3, { DeleteObjectsCommand }) => {
        const { Errors } = await s3.send(
          new DeleteObjectsCommand({
            Bucket,
            Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
          }),
        );
        return (Errors ?? [])
          .filter(({ Code }) => Code !== "NoSuchKey")
          .map(({ Key, Code }) => ({ key: Key ?? "", code: Code ?? "Unknown" }));
      });
      return failures ?? [];
    },

    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await run(async (s3, { ListObjectsV2Command }) =>
          await s3.send(
            new ListObjectsV2Command({
              Bucket,
              Prefix: prefix,
              ...(token ? { ContinuationToken: token } : {}),
            }),
          )
        );
        const keys = (page?.Contents ?? []).flatMap(({ Key }) => Key ?? []);
        if (keys.length > 0) yield keys;
        token = page?.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token);
    },

    async check(signal) {
      await run((s3, { HeadBucketCommand }) =>
        s3.send(new HeadBucketCommand({ Bucket }), { abortSignal: signal })
      );
    },
  };
}
