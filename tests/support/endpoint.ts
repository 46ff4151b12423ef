/**
 * The bucket that the endpoint's tests run against: the stack's, or with
 * `deno task test --external-s3 tests/storage/endpoint.test.ts` the one of S3_*.
 *
 * @module
 */
import { bucketOf } from "../../tools/operator_bucket.ts";
import { applicationOrigin } from "../../tools/storage/check.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { deletePrefix } from "../../tools/storage/delete_prefix.ts";
import {
  type BucketSettings,
  readBucketSettings,
} from "../../supabase/functions/_shared/settings.ts";
import { stack } from "./stack.ts";

/** Set by `--external-s3` only: S3_* alone never sends a test to somebody's bucket. */
export const EXTERNAL_S3 = "TEST_EXTERNAL_S3";

/** Where the bucket is. */
export const endpoint: BucketSettings = Deno.env.get(EXTERNAL_S3) === "1"
  ? readBucketSettings(Deno.env.toObject())
  : bucketOf(stack);

/** A page that the bucket's CORS rules let in: of the application, where the settings name it. */
export const allowedOrigin: string = Deno.env.get(EXTERNAL_S3) === "1"
  ? applicationOrigin(Deno.env.toObject()) ?? "https://app.example"
  : "https://app.example";

/** A place in the bucket that is empty, and is emptied at the end. */
export interface Scratch extends AsyncDisposable {
  store: ObjectStore;
  /** `test-<uuid>/`. */
  prefix: string;
  /** All keys below the prefix. */
  keys(): Promise<string[]>;
}

/** Opens a place of one's own. */
export function scratch(): Scratch {
  const store = openBucket(endpoint);
  const prefix = `test-${crypto.randomUUID()}/`;
  return {
    store,
    prefix,
    keys: async () => (await Array.fromAsync(store.list(prefix))).flat().map(({ key }) => key),
    async [Symbol.asyncDispose]() {
      for await (const _ of deletePrefix(store, prefix)) { /* each page is gone */ }
    },
  };
}
