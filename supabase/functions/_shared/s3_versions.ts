/**
 * Versions that a bucket keeps of what was overwritten or deleted.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { loadSdk } from "./s3_client.ts";
import { isNotImplemented } from "./s3_errors.ts";
import type { SendOptions } from "./s3_runner.ts";

/** One version of an object, or a marker that it was deleted. */
export interface ObjectVersion {
  key: string;
  /** `null`, the word, for one that was stored while versioning was off. */
  versionId: string;
  isLatest: boolean;
  isMarker: boolean;
  /** Bytes; 0 for a marker. */
  size: number;
  /** When it was stored. */
  modified: Date;
}

/** Where a page of versions begins. */
export interface VersionPageStart {
  prefix: string;
  /** Only what comes after it: after all versions of the key, or after the one that is named. */
  after?: { key: string; versionId?: string };
  /** Versions and markers at most; by default what the server gives, 1,000. */
  limit?: number;
}

/** One page of versions and markers. @throws what the SDK throws */
export async function versionPage(
  client: S3Client,
  bucket: string,
  { prefix, after, limit }: VersionPageStart,
  options: SendOptions,
): Promise<{ versions: ObjectVersion[]; next?: NonNullable<VersionPageStart["after"]> }> {
  const { ListObjectVersionsCommand } = await loadSdk();
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    Prefix: prefix,
    ...(after ? { KeyMarker: after.key } : {}),
    ...(after?.versionId ? { VersionIdMarker: after.versionId } : {}),
    ...(limit ? { MaxKeys: limit } : {}),
  });
  const page = await client.send(command, options);
  const found = [
    ...(page.Versions ?? []).map((version) => ({
      ...version,
      Size: version.Size,
      isMarker: false,
    })),
    ...(page.DeleteMarkers ?? []).map((marker) => ({ ...marker, Size: 0, isMarker: true })),
  ];
  const { IsTruncated, NextKeyMarker: key, NextVersionIdMarker: versionId } = page;
  return {
    versions: found.map((one) => ({
      key: one.Key ?? "",
      versionId: one.VersionId ?? "null",
      isLatest: one.IsLatest ?? false,
      isMarker: one.isMarker,
      size: one.Size ?? 0,
      modified: one.LastModified ?? new Date(0),
    })),
    ...(IsTruncated && key ? { next: { key, ...(versionId ? { versionId } : {}) } } : {}),
  };
}

/** Versions and markers below a prefix, a page at a time. @throws what the SDK throws */
export async function* listVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
  abortSignal: AbortSignal,
): AsyncIterable<ObjectVersion[]> {
  let start: VersionPageStart | undefined = { prefix };
  while (start) {
    const { versions, next }: Awaited<ReturnType<typeof versionPage>> = await versionPage(
      client,
      bucket,
      start,
      { abortSignal },
    );
    yield versions;
    start = next && { prefix, after: next };
  }
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
