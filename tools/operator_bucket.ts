import type { ObjectStore } from "../supabase/functions/_shared/object_store.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import type { BucketSettings } from "../supabase/functions/_shared/settings.ts";
import type { StackStatus } from "../stack/status_file.ts";

/** Where a stack's bucket is. */
export function bucketOf(status: StackStatus): BucketSettings {
  return {
    endpoint: status.STORAGE_S3_URL || undefined,
    publicEndpoint: status.STORAGE_S3_URL || undefined,
    region: status.S3_PROTOCOL_REGION,
    bucket: status.S3_BUCKET,
    accessKeyId: status.S3_PROTOCOL_ACCESS_KEY_ID,
    secretAccessKey: status.S3_PROTOCOL_ACCESS_KEY_SECRET,
    forcePathStyle: true,
  };
}

/** A stack's bucket, with the operator's keys. */
export function operatorBucket(status: StackStatus): ObjectStore {
  return openBucket(bucketOf(status));
}

/** All keys below a prefix. */
export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}
