import { deletePrefix } from "../../../tools/storage/delete_prefix.ts";
import type { ObjectStore } from "../../../supabase/functions/_shared/object_store.ts";
import { openBucket } from "../../../supabase/functions/_shared/s3_object_store.ts";
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";

/** A place in a bucket that is empty, and is emptied at the end. */
export interface Scratch extends AsyncDisposable {
  store: ObjectStore;
  /** `test-<uuid>/`. */
  prefix: string;
  /** All keys below the prefix. */
  keys(): Promise<string[]>;
}

/** Opens a place of one's own in any bucket. */
export function scratchIn(settings: BucketSettings): Scratch {
  const store = openBucket(settings);
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
