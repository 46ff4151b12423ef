/**
 * The bucket over the S3 API, path style or virtual host style.
 *
 * @module
 */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { ChatArchiveError } from "@shared/errors.ts";
import { contentDisposition } from "./content_disposition.ts";
import type { DeleteFailure, ListedObject, ObjectHead, ObjectStore } from "./object_store.ts";
import { type ByteStream, incoming, outgoing } from "./object_stream.ts";
import { readAll } from "./read_all.ts";
import { createS3Client, loadSdk, withRequestId } from "./s3_client.ts";
import type { BucketSettings } from "./settings.ts";
import { getSigner, objectsAddress } from "./sign_get.ts";

/** How long the bucket may take, in milliseconds. */
export interface Patience {
  /** Until the answer to one attempt begins. */
  attempt: number;
  /** For an operation, its repetitions included. */
  operation: number;
  /** For a copy: the bucket answers when it has copied all bytes. */
  copy: number;
  /** Without a byte, after which an upload or a download counts as broken. */
  silence: number;
}

const PATIENCE: Patience = { attempt: 6_000, operation: 12_000, copy: 60_000, silence: 15_000 };
/** Keys of one DeleteObjects call (S3's limit). */
const KEYS_PER_CALL = 1000;

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

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** What goes with one request. */
interface SendOptions {
  abortSignal: AbortSignal;
  /** Milliseconds until the answer to one attempt begins; 0: not limited. */
  requestTimeout?: number;
}

interface RunOptions extends Omit<SendOptions, "abortSignal"> {
  /** Milliseconds; 0: not limited. */
  limit?: number;
  signal?: AbortSignal;
}

/**
 * Prepares to open the bucket; the connections are shared by all who do. Nothing is sent before the
 * first call.
 *
 * @returns a function that opens it for one request, whose id goes with each call
 */
export function bucketOpener(
  settings: BucketSettings,
  patience: Patience = PATIENCE,
): (requestId: string) => ObjectStore {
  const client = lazy(() => createS3Client(settings, settings.endpoint, patience.attempt));
  const publicClient = settings.publicEndpoint === settings.endpoint
    ? client
    : lazy(() => createS3Client(settings, settings.publicEndpoint, patience.attempt));
  const signGet = getSigner(settings, settings.endpoint);
  const signPublicGet = getSigner(settings, settings.publicEndpoint);
  return (requestId) =>
    // What is signed is for others to send: without our header.
    createStore(settings, patience, {
      requestId,
      client: async () => withRequestId(await client(), requestId),
      publicClient,
      signGet,
      signPublicGet,
    });
}

/** Opens the bucket for a program that works on its own behalf. */
export function openBucket(settings: BucketSettings, patience: Patience = PATIENCE): ObjectStore {
  return bucketOpener(settings, patience)(crypto.randomUUID());
}

/** What reaches the bucket as functions see it, and as clients do. */
interface Clients {
  requestId: string;
  client(): Promise<S3Client>;
  publicClient(): Promise<S3Client>;
  signGet: ReturnType<typeof getSigner>;
  signPublicGet: ReturnType<typeof getSigner>;
}

function createStore(
  settings: BucketSettings,
  patience: Patience,
  { requestId, client, publicClient, signGet, signPublicGet }: Clients,
): ObjectStore {
  const { bucket: Bucket } = settings;

  /** Runs an operation; what it throws becomes ours, unless `expected` turns it into an answer. */
  async function run<T>(
    operation: (
      s3: S3Client,
      sdk: Awaited<ReturnType<typeof loadSdk>>,
      options: SendOptions,
    ) => Promise<T>,
    expected: (error: unknown) => boolean = () => false,
    { limit = patience.operation, signal, ...options }: RunOptions = {},
  ): Promise<T | null> {
    const late = new AbortController();
    const timer = limit &&
      setTimeout(() => late.abort(new Error("no answer in time")), limit);
    const abortSignal = signal ? AbortSignal.any([late.signal, signal]) : late.signal;
    // Raced: an aborted SDK may still wait for the end of a body.
    const ended = Promise.withResolvers<never>();
    abortSignal.addEventListener("abort", () => ended.reject(abortSignal.reason));
    try {
      const work = async () =>
        await operation(await client(), await loadSdk(), { ...options, abortSignal });
      return await Promise.race([work(), ended.promise]);
    } catch (error) {
      if (expected(error)) return null;
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function check(signal?: AbortSignal): Promise<void> {
    await run(
      (s3, { HeadBucketCommand }, options) => s3.send(new HeadBucketCommand({ Bucket }), options),
      undefined,
      signal ? { signal } : {},
    );
  }

  async function head(key: string): Promise<ObjectHead | null> {
    const found = await run(async (s3, { HeadObjectCommand }, options) => {
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }), options);
      return {
        size: head.ContentLength ?? -1,
        contentType: head.ContentType ?? "",
        etag: head.ETag ?? "",
        modified: head.LastModified ?? new Date(0),
      };
    }, isMissing);
    // The answer to a HEAD has no body that could tell a missing object from a missing bucket.
    if (!found) await check();
    return found;
  }

  async function deleteMany(keys: string[]): Promise<DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (let start = 0; start < keys.length; start += KEYS_PER_CALL) {
      const Objects = keys.slice(start, start + KEYS_PER_CALL).map((Key) => ({ Key }));
      const answer = await run((s3, { DeleteObjectsCommand }, options) =>
        s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }), options)
      );
      for (const { Key, Code } of answer?.Errors ?? []) {
        if (Code !== "NoSuchKey") failures.push({ key: Key ?? "", code: Code ?? "Unknown" });
      }
    }
    return failures;
  }

  async function* list(
    prefix: string,
    { after }: { after?: string } = {},
  ): AsyncIterable<ListedObject[]> {
    let token: string | undefined;
    do {
      const page = await run((s3, { ListObjectsV2Command }, options) =>
        s3.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: prefix,
            ...(after ? { StartAfter: after } : {}),
            ...(token ? { ContinuationToken: token } : {}),
          }),
          options,
        )
      );
      const objects = (page?.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
        Key ? [{ key: Key, size: Size ?? 0, modified: LastModified ?? new Date(0) }] : []
      );
      if (objects.length > 0) yield objects;
      token = page?.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token);
  }

  return {
    address: (key) => objectsAddress(settings, settings.publicEndpoint).href + key,

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

    presignGet: ({ key, fileName, contentType, expiresIn, disposition }) =>
      Promise.resolve(signPublicGet({
        key,
        expiresIn,
        contentDisposition: contentDisposition(disposition, fileName),
        contentType,
      })),

    head,

    exists: async (key) => await head(key) !== null,

    get: (key, { range, etag } = {}) =>
      run(async (s3, { GetObjectCommand }, options) => {
        const object = await s3.send(
          new GetObjectCommand({
            Bucket,
            Key: key,
            ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
            ...(etag ? { IfMatch: etag } : {}),
          }),
          options,
        );
        const size = object.ContentLength ?? 0;
        const body = object.Body!.transformToWebStream() as ByteStream;
        return {
          body: incoming(body, size, patience.silence, unavailable),
          size,
          contentType: object.ContentType ?? "",
          etag: object.ETag ?? "",
        };
      }, (error) => isMissing(error) || isPreconditionFailed(error)),

    bytes: async (key) => {
      try {
        return await readAll(signGet({ key, expiresIn: 60 }), requestId, patience);
      } catch (error) {
        throw unavailable(error);
      }
    },

    async put({ key, body, size, contentType }) {
      using upload = outgoing(body, size, patience.silence);
      const stream = Readable.fromWeb(upload.body);
      // What the body does wrong is reported below; unheard it would end the process.
      stream.on("error", () => {});
      try {
        const etag = await run(
          async (s3, { PutObjectCommand }, options) => {
            const command = new PutObjectCommand({
              Bucket,
              Key: key,
              Body: stream,
              ContentLength: size,
              ContentType: contentType,
            });
            return (await s3.send(command, options)).ETag ?? "";
          },
          undefined,
          { limit: 0, requestTimeout: 0, signal: upload.signal },
        );
        return etag ?? "";
      } catch (error) {
        const fault = upload.fault();
        throw fault ? fault.error : error;
      }
    },

    copy: (from, to, etag) =>
      run(
        async (s3, { CopyObjectCommand }, options) => {
          const { CopyObjectResult } = await s3.send(
            new CopyObjectCommand({
              Bucket,
              CopySource: `${Bucket}/${from}`,
              CopySourceIfMatch: etag,
              Key: to,
            }),
            options,
          );
          return CopyObjectResult?.ETag ?? "";
        },
        (error) => isMissing(error) || isPreconditionFailed(error),
        { limit: patience.copy, requestTimeout: patience.copy },
      ),

    async delete(key) {
      await run(
        (s3, { DeleteObjectCommand }, options) =>
          s3.send(new DeleteObjectCommand({ Bucket, Key: key }), options),
        isMissing,
      );
    },

    deleteMany,

    async *deletePrefix(prefix, spare) {
      for await (const page of list(prefix)) {
        const keys = page.map(({ key }) => key);
        const kept = await spare?.(keys) ?? new Set();
        const failures = await deleteMany(keys.filter((key) => !kept.has(key)));
        const deleted = keys.length - kept.size - failures.length;
        yield { deleted, spared: [...kept], failures };
      }
    },

    list,

    check,
  };
}
