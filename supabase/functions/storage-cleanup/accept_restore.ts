import type { RestoreReport, StorageCleanupRequest } from "@shared/contracts/storage-cleanup.ts";
import { checkBucket, countRun, type IdentityPorts } from "../_shared/bucket_identity.ts";
import type { BucketMarker } from "../_shared/bucket_marker.ts";

/** What a marker says, in the types that it should have. */
function readable(found: Partial<BucketMarker> | null): BucketMarker | null {
  if (!found) return null;
  const { project, database, runs } = found;
  const isCount = typeof runs === "number" && Number.isSafeInteger(runs);
  return {
    project: String(project ?? "?"),
    database: String(database ?? "?"),
    runs: isCount && runs >= 0 ? runs : 0,
  };
}

/**
 * Says what a worker would find and, with `apply`, makes the bucket this database's: the marker is
 * written anew, with a number that is higher than both.
 */
export async function acceptRestore(
  { accept_restore: mode }: Pick<StorageCleanupRequest, "accept_restore">,
  ports: IdentityPorts,
): Promise<Omit<RestoreReport, "pending" | "dead">> {
  const { verdict, found, here } = await checkBucket(ports);
  const marker = readable(found);
  const accepted = mode === "apply" && verdict !== "same";
  if (accepted) {
    await countRun(ports, here, marker?.runs);
    // So that other functions need not wait for the worker's next run.
    await checkBucket(ports);
  }
  return { verdict, marker, here, accepted };
}
