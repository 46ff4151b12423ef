/**
 * Whether the bucket is this database's: nothing is deleted where a restored or copied database, or a
 * wrong bucket, could destroy what another one names.
 *
 * The marker is read first and the database asked then, because a run that counts raises the number
 * there first: in that order, a bucket that is ahead was used by a later database.
 *
 * @module
 */
import type { ContentType } from "@shared/object-keys.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { type BucketMarker, type MarkerStore, readMarker, writeMarker } from "./bucket_marker.ts";
import { failpoint } from "./failpoint.ts";
import type { ObjectStore } from "./object_store.ts";

/** Which project, on which bucket. */
export interface IdentityPorts {
  /** Past RLS: the counter is no user's row. */
  admin: ArchiveClient;
  store: MarkerStore & Pick<ObjectStore, "address">;
  /** The project's address, as `projectAddress` gives it. */
  project: string;
  /** Of the marker. */
  contentType: ContentType;
}

/** What was found out: `same`, or why nothing may be deleted. */
export type Verdict = "same" | "no_marker" | "other_identity" | "bucket_ahead";

/** What a check found. */
export interface BucketCheck {
  verdict: Verdict;
  /** What lies in the bucket. */
  found: Partial<BucketMarker> | null;
  /** What this database would write there. */
  here: BucketMarker;
  /** Files may have come or gone since a run was last counted. */
  hasMoved: boolean;
}

/** The name of a bucket, as checks of it are kept. */
export const bucketName = (store: Pick<ObjectStore, "address">): string => store.address("");

/** Reads the marker, and asks the database whose it is. Writes nothing into the bucket. */
export async function compareBucket(
  { admin, store, project }: Omit<IdentityPorts, "contentType">,
): Promise<Omit<BucketCheck, "verdict"> & { verdict: Verdict | "new" }> {
  const found = await readMarker(store);
  const [row] = await query(() =>
    admin.rpc("check_bucket", { bucket: bucketName(store), project, marker: found as never })
  );
  const { verdict, database_id: database, runs, has_moved } = row!;
  return {
    verdict: verdict as Verdict | "new",
    found,
    here: { project, database, runs },
    hasMoved: has_moved,
  };
}

/**
 * Checks the bucket, and writes down what was found. One that nobody has deleted in yet becomes this
 * database's.
 *
 * @throws {ChatArchiveError} `storage_unavailable`, `database_unavailable`
 */
export async function checkBucket(ports: IdentityPorts): Promise<BucketCheck> {
  let seen = await compareBucket(ports);
  if (seen.verdict === "new") await writeMarker(ports.store, seen.here, ports.contentType);
  // Again also where it is another's: between the two looks of a first run, a second worker may have
  // written the marker and raised the number.
  if (seen.verdict !== "same") seen = await compareBucket(ports);
  // New twice: the object is there, and can't be read yet. The next run will see it.
  const verdict = seen.verdict === "new" ? "no_marker" : seen.verdict;
  return { ...seen, verdict };
}

/**
 * Counts a run: in the database, then in the bucket. Killed between the two it leaves a bucket that is
 * behind, which is no restore.
 *
 * @param atLeast what the bucket has, where an operator has accepted it
 */
export async function countRun(
  { admin, store, contentType }: IdentityPorts,
  here: BucketMarker,
  atLeast = 0,
): Promise<BucketMarker> {
  const runs = await query(() => admin.rpc("raise_bucket_counter", { at_least: atLeast }));
  await failpoint("bucket.counted");
  const marker = { ...here, runs };
  await writeMarker(store, marker, contentType);
  return marker;
}
