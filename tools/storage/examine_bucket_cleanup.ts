import type { S3Client } from "@aws-sdk/client-s3";
import { chunked } from "@shared/async.ts";
import {
  type DeleteFailure,
  KEYS_PER_DELETE,
  type ObjectStore,
} from "../../supabase/functions/_shared/object_store.ts";
import { loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import { listVersions } from "../../supabase/functions/_shared/s3_versions.ts";
import { deletePrefix } from "./delete_prefix.ts";
import { QUESTION_TIMEOUT_MS } from "./examine_bucket_access.ts";

async function removeVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<DeleteFailure[]> {
  const { DeleteObjectsCommand } = await loadSdk();
  const abortSignal = AbortSignal.timeout(QUESTION_TIMEOUT_MS);
  const failures: DeleteFailure[] = [];
  const listed = await Array.fromAsync(listVersions(client, bucket, prefix, abortSignal));
  // A server that does not know the parameter might list everything.
  const versions = listed.flat().filter(({ key }) => key.startsWith(prefix));
  for (const some of chunked(versions, KEYS_PER_DELETE)) {
    const Objects = some.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      { abortSignal },
    );
    failures.push(...Errors.map(({ Key = "", Code = "Unknown" }) => ({ key: Key, code: Code })));
  }
  return failures;
}

/**
 * Removes what the check has stored, versions and markers included.
 *
 * @param versioned are there versions? Then a bucket that does not list them is a failure
 * @returns what is still there
 * @throws where the bucket refuses altogether
 */
export async function removeProbes(
  store: ObjectStore,
  client: S3Client,
  bucket: string,
  prefix: string,
  versioned: boolean,
): Promise<DeleteFailure[]> {
  const pages = await Array.fromAsync(deletePrefix(store, prefix));
  const versions = await removeVersions(client, bucket, prefix).catch((error) => {
    if (versioned) throw error;
    return [];
  });
  return [...pages.flatMap(({ failures }) => failures), ...versions];
}
