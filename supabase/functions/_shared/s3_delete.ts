/**
 * Deletes from a bucket: on one that keeps versions, every version and every marker.
 *
 * @module
 */
import { chunked, eachOf } from "@shared/async.ts";
import { type DeleteFailure, KEYS_PER_DELETE } from "./object_store.ts";
import type { S3Connection } from "./s3_connection.ts";
import { versionPage, type VersionPageStart } from "./s3_versions.ts";

/** Keys whose versions are listed at the same time. */
const PARALLEL_LISTS = 8;
/** So many keys of one folder, and its versions are listed in one go, others between them included. */
const KEYS_PER_FOLDER_LIST = 20;

/** Keys of one batch, where the versions of each may have to be listed. */
const KEYS_PER_BATCH_WITH_VERSIONS = 100;

/** What one request deletes. */
interface Doomed {
  Key: string;
  VersionId?: string;
}

/** Deletes, up to 1,000 a request. @returns the first failure of each key */
async function deleteAll(
  { run, bucket }: S3Connection,
  doomed: Doomed[],
): Promise<DeleteFailure[]> {
  const failures = new Map<string, DeleteFailure>();
  for (const Objects of chunked(doomed, KEYS_PER_DELETE)) {
    const { Errors = [] } = await run((s3, { DeleteObjectsCommand }, options) =>
      s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        options,
      )
    );
    for (const { Key: key = "", Code: code = "Unknown" } of Errors) {
      const isGone = code === "NoSuchKey" || code === "NoSuchVersion";
      if (!isGone && !failures.has(key)) failures.set(key, { key, code });
    }
  }
  return [...failures.values()];
}

/** Versions and markers of some keys, from one list that ends after the last of them. */
async function listed(
  { run, bucket }: S3Connection,
  keys: Set<string>,
  start: VersionPageStart,
  last: string,
): Promise<Doomed[]> {
  const found: Doomed[] = [];
  let from: VersionPageStart | undefined = start;
  while (from) {
    const page: Awaited<ReturnType<typeof versionPage>> = await run((s3, _, options) =>
      versionPage(s3, bucket, from!, options)
    );
    for (const { key: Key, versionId: VersionId } of page.versions) {
      if (keys.has(Key)) found.push({ Key, VersionId });
    }
    const { next } = page;
    from = next && next.key <= last ? { ...start, after: next } : undefined;
  }
  return found;
}

const folderOf = (key: string) => key.slice(0, key.lastIndexOf("/") + 1);

/** All versions and markers of keys. */
async function versionsOf(connection: S3Connection, keys: string[]): Promise<Doomed[]> {
  const folders = Map.groupBy(keys.toSorted(), folderOf);
  const lists = [...folders].flatMap(([folder, some]) =>
    some.length < KEYS_PER_FOLDER_LIST ? some.map((key) => ({ prefix: key, some: [key] })) : [{
      prefix: folder,
      some,
      // Nothing but the first key's shorter namesakes lies between the two.
      after: { key: some[0]!.slice(0, -1) },
    }]
  );
  const found = await eachOf(
    lists,
    PARALLEL_LISTS,
    ({ some, ...start }) => listed(connection, new Set(some), start, some.at(-1)!),
  );
  return found.flat();
}

/**
 * Deletes objects. On a bucket that keeps versions a plain delete would leave one marker more, and all
 * bytes: there each version and marker is deleted by its id.
 *
 * @returns those keys of which something is left
 */
export async function deleteMany(
  connection: S3Connection,
  keys: string[],
): Promise<DeleteFailure[]> {
  const doomed = await connection.keepsDeleted()
    ? await versionsOf(connection, keys)
    : keys.map((Key) => ({ Key }));
  const failures = await deleteAll(connection, doomed);
  // A missing object counts as deleted; a missing bucket must not.
  await connection.assertBucket();
  return failures;
}

/** Keys that one batch of deletes should have. */
export async function keysPerBatch(
  { keepsDeleted }: Pick<S3Connection, "keepsDeleted">,
): Promise<number> {
  return await keepsDeleted() ? KEYS_PER_BATCH_WITH_VERSIONS : KEYS_PER_DELETE;
}

/** Deletes what a bucket that keeps versions has kept of an object's earlier contents. */
export async function dropOldVersions(connection: S3Connection, key: string): Promise<void> {
  if (!await connection.keepsDeleted()) return;
  const { run, bucket } = connection;
  const { versions } = await run((s3, _, options) =>
    versionPage(s3, bucket, { prefix: key }, options)
  );
  const old = versions.filter((one) => one.key === key && !one.isLatest);
  await deleteAll(connection, old.map(({ versionId }) => ({ Key: key, VersionId: versionId })));
}
