import type { ObjectStore } from "../../../supabase/functions/_shared/object_store.ts";
import { openBucket } from "../../../supabase/functions/_shared/s3_object_store.ts";
import { keysBelow } from "../stack.ts";
import type { User } from "../users.ts";
import { type BucketUnderTest, isStacksOwn } from "./kinds.ts";

/** Opens a bucket and, where no worker looks after it, removes what users have there at the end. */
export async function withBucketOf(
  users: User[],
  under: BucketUnderTest,
  work: (store: ObjectStore) => Promise<void>,
): Promise<void> {
  const store = openBucket(under.settings);
  try {
    await work(store);
  } finally {
    for (const { id } of isStacksOwn(under) ? [] : users) {
      await store.deleteMany(await keysBelow(`${id}/`, store));
    }
  }
}
