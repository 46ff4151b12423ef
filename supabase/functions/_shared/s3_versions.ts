/**
 * Versions that a bucket keeps of what was overwritten or deleted.
 *
 * @module
 */
import type {
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
  S3Client,
} from "@aws-sdk/client-s3";
import { loadSdk } from "./s3_client.ts";

/** One version of an object, or a marker that it was deleted. */
export interface ObjectVersion {
  key: string;
  /** `null`, the word, for one that was stored while versioning was off. */
  versionId: string;
  isLatest: boolean;
  isMarker: boolean;
}

/** Versions and markers below a prefix, a page at a time. @throws what the SDK throws */
export async function* listVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
  abortSignal: AbortSignal,
): AsyncIterable<ObjectVersion[]> {
  const { ListObjectVersionsCommand } = await loadSdk();
  let next: ListObjectVersionsCommandInput | undefined = { Bucket: bucket, Prefix: prefix };
  while (next) {
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand(next),
      { abortSignal },
    );
    const found = [
      ...(page.Versions ?? []).map((version) => ({ ...version, isMarker: false })),
      ...(page.DeleteMarkers ?? []).map((marker) => ({ ...marker, isMarker: true })),
    ];
    yield found.map(({ Key = "", VersionId = "null", IsLatest = false, isMarker }) => ({
      key: Key,
      versionId: VersionId,
      isLatest: IsLatest,
      isMarker,
    }));
    const { IsTruncated, NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    next = IsTruncated && KeyMarker
      ? { ...next, KeyMarker, ...(VersionIdMarker ? { VersionIdMarker } : {}) }
      : undefined;
  }
}

/** Says a server that it has no such operation? Then it keeps no versions. */
function isNotImplemented(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === "NotImplemented" || $metadata?.httpStatusCode === 501;
}

/**
 * Does the bucket hold bytes that were overwritten or deleted, or will it?
 *
 * `Suspended` alone says neither: Supabase Storage, which has no versions, always says so. Elsewhere the
 * bucket kept versions once, and those are still there unless somebody has removed them.
 *
 * @param abortSignal ends the look through the objects of a suspended bucket: it is `unknown` then
 * @returns `unknown` where the key may not ask
 */
export async function keepsVersions(
  client: S3Client,
  bucket: string,
  abortSignal: AbortSignal,
): Promise<"yes" | "no" | "unknown"> {
  const { GetBucketVersioningCommand } = await loadSdk();
  try {
    const command = new GetBucketVersioningCommand({ Bucket: bucket });
    const { Status } = await client.send(command, { abortSignal });
    if (Status === "Enabled") return "yes";
    if (Status !== "Suspended") return "no";
    for await (const page of listVersions(client, bucket, "", abortSignal)) {
      // A marker of the suspended state holds no bytes; what it hides is in the list itself.
      const kept = page.some(({ versionId, isLatest, isMarker }) =>
        !isMarker && (versionId !== "null" || !isLatest)
      );
      if (kept) return "yes";
    }
    return "no";
  } catch (error) {
    return isNotImplemented(error) ? "no" : "unknown";
  }
}
