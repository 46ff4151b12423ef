/**
 * Deletes from a bucket: on one that keeps versions, every version and every marker.
 *
 * @module
 */
import { chunked, eachOf } from "@shared/async.ts";
import { type DeleteFailure, KEYS_PER_DELETE, MORE_VERSIONS, NOT_REACHED } from "./object_store.ts";
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

/** Keys whose versions one list gives, in order. */
interface VersionList extends VersionPageStart {
  keys: string[];
}

/**
 * Versions and markers of some keys, a page at a time, from one list that ends after the last of them.
 *
 * @returns the keys that were not come to, because the connection's versions were used up
 */
async function* listed(
  { run, bucket, versionsLeft }: S3Connection,
  { keys, ...start }: VersionList,
): AsyncGenerator<Doomed[], DeleteFailure[]> {
  const wanted = new Set(keys);
  let from: VersionPageStart | undefined = start;
  while (from) {
    if (versionsLeft.count <= 0) {
      const begun = from === start ? undefined : from.after?.key;
      return keys.filter((key) => begun === undefined || key >= begun)
        .map((key) => ({ key, code: key === begun ? MORE_VERSIONS : NOT_REACHED }));
    }
    const page: Awaited<ReturnType<typeof versionPage>> = await run((s3, _, options) =>
      versionPage(s3, bucket, from!, options)
    );
    versionsLeft.count -= page.versions.length;
    yield page.versions.filter(({ key }) => wanted.has(key))
      .map(({ key: Key, versionId: VersionId }) => ({ Key, VersionId }));
    const { next } = page;
    from = next && next.key <= keys.at(-1)! ? { ...start, after: next } : undefined;
  }
  return [];
}

const folderOf = (key: string) => key.slice(0, key.lastIndexOf("/") + 1);

/** Lists that give all versions of keys, in the order in which the folders of these come. */
function listsOf(keys: string[]): VersionList[] {
  const folders = [...Map.groupBy(keys, folderOf)];
  return folders.map(([folder, some]) => [folder, some.toSorted()] as const).flatMap((
    [folder, some],
  ) =>
    some.length < KEYS_PER_FOLDER_LIST ? some.map((key) => ({ prefix: key, keys: [key] })) : [{
      prefix: folder,
      keys: some,
      // Nothing but the first key's shorter namesakes lies between the two.
      after: { key: some[0]!.slice(0, -1) },
    }]
  );
}

/**
 * Deletes all versions and markers of keys. What is listed goes before more is listed: of one key there
 * can be any number, since whoever holds a signed URL may use it again and again.
 */
async function deleteVersions(connection: S3Connection, keys: string[]): Promise<DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const left: DeleteFailure[] = [];
  let doomed: Doomed[] = [];
  const flush = async (least: number) => {
    if (doomed.length < least) return;
    const batch = doomed;
    doomed = [];
    failures.push(...await deleteAll(connection, batch));
  };
  await eachOf(listsOf(keys), PARALLEL_LISTS, async (list) => {
    const pages = listed(connection, list);
    let page = await pages.next();
    for (; !page.done; page = await pages.next()) {
      doomed.push(...page.value);
      await flush(KEYS_PER_DELETE);
    }
    left.push(...page.value);
  });
  await flush(1);
  // One outcome a key; that the bucket refuses it says more than that it has others.
  return [...new Map([...left, ...failures].map((one) => [one.key, one])).values()];
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
  const failures = await connection.keepsDeleted()
    ? await deleteVersions(connection, keys)
    : await deleteAll(connection, keys.map((Key) => ({ Key })));
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
