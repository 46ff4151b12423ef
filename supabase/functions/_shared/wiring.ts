/**
 * What a function's index.ts hands to its handler.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import type { ContentType } from "@shared/object-keys.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { adminClient, userClient } from "./clients.ts";
import type { ObjectStore } from "./object_store.ts";
import { projectAddress } from "./project_address.ts";
import { deletingOnceChecked, lastVerdict } from "./recent_check.ts";
import { bucketOpener } from "./s3_object_store.ts";
import { S3_TIMEOUTS } from "./s3_timeouts.ts";
import type { Call } from "./serve.ts";
import type { BucketSettings, Settings } from "./settings.ts";

/**
 * Versions that one call deletes: as many as the worker's default of keys, which fits into the platform's
 * 2 s of CPU. A call that were stopped by them would have settled nothing.
 */
const MAX_VERSIONS = 10_000;

const openers = new Map<BucketSettings, ReturnType<typeof bucketOpener>>();

/** The project's address. The platform's own variable, as all others of the clients. */
export const project = (): string => projectAddress(Deno.env.get("SUPABASE_URL"));

/** A type that the bucket takes, where it takes only those that users may upload. */
export const markerType = ({ allowedTypes: { document, image } }: Settings): ContentType =>
  document[0] ?? image[0] ?? "application/pdf";

/**
 * The bucket, or null where USE_S3_STORAGE is false. Deletes are the worker's, and go to its queue,
 * unless it has lately checked the bucket.
 */
export function optionalBucket(call: Call): ObjectStore | null {
  const store = uncheckedBucket(call);
  return store && deletingOnceChecked(store, () => mayDelete(call, store));
}

/** Has a worker lately found that the bucket is this database's? */
export async function mayDelete(call: Call, store: ObjectStore): Promise<boolean> {
  const last = await lastVerdict(asLastingAdmin(call), store, project());
  return last?.verdict === "same" && last.isRecent;
}

/** The bucket for who checks it, the worker; null where USE_S3_STORAGE is false. */
export function uncheckedBucket({ settings: { bucket }, requestId }: Call): ObjectStore | null {
  if (!bucket) return null;
  let open = openers.get(bucket);
  if (!open) openers.set(bucket, open = bucketOpener(bucket, S3_TIMEOUTS, MAX_VERSIONS));
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

/**
 * The same, not bound to the caller: for what has to be ended, or removed, also where the caller has hung
 * up in the middle.
 */
export function asLastingAdmin({ requestId }: Pick<Call, "requestId">): ArchiveClient {
  return adminClient({ requestId, signal: new AbortController().signal });
}
