/**
 * What a function's index.ts hands to its handler.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { adminClient, type ArchiveClient, userClient } from "./clients.ts";
import type { ObjectStore } from "./object_store.ts";
import { openBucket } from "./s3_object_store.ts";
import type { Call } from "./serve.ts";
import type { BucketSettings } from "./settings.ts";

const opened = new Map<BucketSettings, ObjectStore>();

/** The bucket, or null where USE_S3_STORAGE is false. Opened once a process. */
export function optionalBucket({ settings }: Call): ObjectStore | null {
  if (!settings.bucket) return null;
  let store = opened.get(settings.bucket);
  if (!store) opened.set(settings.bucket, store = openBucket(settings.bucket));
  return store;
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
  return userClient(call.token, call.signal);
}

/** The database past row level security. */
export function asAdmin(call: Call): ArchiveClient {
  return adminClient(call.signal);
}
