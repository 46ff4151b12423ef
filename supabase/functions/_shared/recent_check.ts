import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { bucketName } from "./bucket_identity.ts";
import type { ObjectStore } from "./object_store.ts";

/** Seconds for which a worker's check holds: five of its runs. */
const CHECK_HOLDS_SECONDS = 300;

/** What the worker last found out about this bucket, on this server; undefined: nothing yet. */
export async function lastVerdict(
  admin: ArchiveClient,
  store: Pick<ObjectStore, "address">,
  project: string,
): Promise<{ verdict: string; isRecent: boolean } | undefined> {
  const [row] = await query(() =>
    admin.rpc("last_bucket_check", { bucket: bucketName(store), project })
  );
  if (!row) return undefined;
  return { verdict: row.verdict, isRecent: row.seconds_ago < CHECK_HOLDS_SECONDS };
}

/**
 * A bucket for functions besides the worker: it deletes at once only where a worker has lately found
 * that the bucket is this database's. Otherwise each delete fails, and the outbox keeps its entries for
 * the worker.
 */
export function deletingOnceChecked(
  store: ObjectStore,
  mayDelete: () => Promise<boolean>,
): ObjectStore {
  return {
    ...store,
    deleteMany: async (keys) =>
      await mayDelete()
        ? await store.deleteMany(keys)
        : keys.map((key) => ({ key, code: "BucketNotChecked" })),
  };
}
