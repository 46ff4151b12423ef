/**
 * What a function's index.ts hands to its handler.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { adminClient, userClient } from "./clients.ts";
import type { ObjectStore } from "./object_store.ts";
import { bucketOpener } from "./s3_object_store.ts";
import type { Call } from "./serve.ts";
import type { BucketSettings } from "./settings.ts";

const openers = new Map<BucketSettings, ReturnType<typeof bucketOpener>>();

/** The bucket, or null where USE_S3_STORAGE is false. */
export function optionalBucket({ settings: { bucket }, requestId }: Call): ObjectStore | null {
  if (!bucket) return null;
  let open = openers.get(bucket);
  if (!open) openers.set(bucket, open = bucketOpener(bucket));
  return open(requestId);
}

/** The bucket. @throws {ChatArchiveError} `storage_disabled` where USE_S3_STORAGE is false */
export function requiredBucket(call: Call): ObjectStore {
  const store = optionalBucket(call);
  if (!store) {
    throw new ChatArchiveError("storage_disabled", "this deployment runs without object storage");
  }
  return store;
}

/** The database with the caller's rights. */
export function asCaller(call: Call): ArchiveClient {
  return userClient(call.token, call);
}

/** The database past row level security. */
export function asAdmin(call: Call): ArchiveClient {
  return adminClient(call);
}
