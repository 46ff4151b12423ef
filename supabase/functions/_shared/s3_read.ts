/**
 * What is read from a bucket.
 *
 * @module
 */
import type { ListedObject, ObjectHead, ObjectStore } from "./object_store.ts";
import { type ByteStream, incoming } from "./object_stream.ts";
import { type ReadBody, readObject } from "./read_object.ts";
import { reusedPieces } from "./reused_pieces.ts";
import { isGone, isMissing, unavailable } from "./s3_errors.ts";
import type { S3Connection } from "./s3_connection.ts";
import { versionPage } from "./s3_versions.ts";

/** Throws unless the bucket is there and the credentials fit. */
export async function check(
  { run, bucket }: Pick<S3Connection, "run" | "bucket">,
  signal?: AbortSignal,
): Promise<void> {
  await run(
    (s3, { HeadBucketCommand }, options) =>
      s3.send(new HeadBucketCommand({ Bucket: bucket }), options),
    { signal },
  );
}

async function head(connection: S3Connection, key: string): Promise<ObjectHead | null> {
  const found = await connection.run(async (s3, { HeadObjectCommand }, options) => {
    const command = new HeadObjectCommand({ Bucket: connection.bucket, Key: key });
    const head = await s3.send(command, options);
    return {
      size: head.ContentLength ?? -1,
      contentType: head.ContentType ?? "",
      etag: head.ETag ?? "",
      modified: head.LastModified ?? new Date(0),
    };
  }, { expected: isMissing });
  // The answer to a HEAD has no body that could tell a missing object from a missing bucket.
  if (!found) await connection.assertBucket();
  return found;
}

async function get(
  { run, bucket, timeouts, assertBucket }: S3Connection,
  key: string,
  { range, etag }: NonNullable<Parameters<ObjectStore["get"]>[1]> = {},
) {
  const found = await run(async (s3, { GetObjectCommand }, options) => {
    const object = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
        ...(etag ? { IfMatch: etag } : {}),
      }),
      options,
    );
    const size = object.ContentLength ?? 0;
    const body = object.Body!.transformToWebStream() as ByteStream;
    return {
      body: incoming(body, size, timeouts.silenceMs, unavailable),
      size,
      contentType: object.ContentType ?? "",
      etag: object.ETag ?? "",
    };
  }, { expected: isGone });
  if (!found) await assertBucket();
  return found;
}

async function read<T>(
  { requestId, timeouts, signGet, assertBucket }: S3Connection,
  key: string,
  body: ReadBody<T>,
): Promise<T | null> {
  const url = signGet({ key, expiresIn: 60 });
  const found = await readObject(url, requestId, timeouts, body).catch((error) => {
    throw unavailable(error);
  });
  if (found === null) await assertBucket();
  return found;
}

async function* eachPiece<Piece>(pieces: AsyncIterable<Piece>, alive: () => void) {
  for await (const piece of pieces) {
    alive();
    yield piece;
  }
}

/**
 * Each key once of which the bucket holds a version or a marker. Versions come newest first: the first of a
 * key tells what readers find.
 */
async function* listWithHidden(
  { run, bucket, assertBucket }: S3Connection,
  prefix: string,
  after: string | undefined,
): AsyncIterable<ListedObject[]> {
  let last = after;
  let empty = true;
  for (let more = true; more;) {
    // Past all versions of that key, of which there can be any number. The blank, since Ceph begins at the
    // key that it is given, and others after it.
    const start = { prefix, ...(last === undefined ? {} : { after: { key: `${last} ` } }) };
    const page = await run((s3, _, options) => versionPage(s3, bucket, start, options));
    const objects = new Map<string, ListedObject>();
    for (const { key, size, modified, isLatest, isMarker } of page.versions) {
      const known = objects.get(key);
      const isObject = isLatest && !isMarker;
      if (isObject) objects.set(key, { key, size, modified });
      else if (!known) objects.set(key, { key, size, modified, hidden: true });
    }
    const some = [...objects.values()].sort((a, b) => a.key < b.key ? -1 : 1);
    more = page.next !== undefined && some.length > 0;
    if (some.length === 0) continue;
    last = some.at(-1)!.key;
    empty = false;
    yield some;
  }
  if (empty) await assertBucket();
}

async function* list(
  connection: S3Connection,
  prefix: string,
  { after, hidden }: NonNullable<Parameters<ObjectStore["list"]>[1]> = {},
): AsyncIterable<ListedObject[]> {
  const { run, bucket, assertBucket } = connection;
  if (hidden && await connection.keepsDeleted()) {
    return yield* listWithHidden(connection, prefix, after);
  }
  let empty = true;
  let token: string | undefined;
  do {
    const page = await run((s3, { ListObjectsV2Command }, options) =>
      s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(after ? { StartAfter: after } : {}),
          ...(token ? { ContinuationToken: token } : {}),
        }),
        options,
      )
    );
    const objects = (page.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
      Key ? [{ key: Key, size: Size ?? 0, modified: LastModified ?? new Date(0) }] : []
    );
    if (objects.length > 0) {
      empty = false;
      yield objects;
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token);
  if (empty) await assertBucket();
}

/** The verbs that read. */
export function readVerbs(
  connection: S3Connection,
): Pick<ObjectStore, "head" | "get" | "bytes" | "scan" | "list" | "check"> {
  return {
    head: (key) => head(connection, key),
    get: (key, which) => get(connection, key, which),
    // Joined they would have to be copied, and large buffers wait long for the garbage collector.
    bytes: (key) => read(connection, key, (body, alive) => Array.fromAsync(eachPiece(body, alive))),
    scan: (key, look) =>
      read(connection, key, (body, alive) => look(eachPiece(reusedPieces(body), alive))),
    list: (prefix, options) => list(connection, prefix, options),
    check: (signal) => check(connection, signal),
  };
}
