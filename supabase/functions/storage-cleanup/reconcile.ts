/**
 * Compares the bucket with the rows, both ways, a page of the bucket at a time.
 *
 * Pages are merged in the order of keys, so memory does not grow with either side. A page is listed
 * before its rows are read: an object of a row that is newer than the list is never taken for missing,
 * because rows have to be as old as the grace period, too.
 *
 * @module
 */
import type { ReconcileReport, StorageCleanupRequest } from "@shared/contracts/storage-cleanup.ts";
import { chunked } from "@shared/async.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { checkBucket, type IdentityPorts } from "../_shared/bucket_identity.ts";
import { MARKER_KEY } from "../_shared/bucket_marker.ts";
import type { ListedObject, ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";

/** What a comparison needs. */
export interface ReconcilePorts extends Omit<IdentityPorts, "store"> {
  /** Past RLS: all users' rows. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "list"> & IdentityPorts["store"];
  /** Of `performance.now()`: after it no new page is begun. */
  deadline: number;
  /** Seconds: what is younger, object or row, may be on its way to the other side. */
  grace?: number;
}

/** Which keys, and whether to enqueue what is found. */
export type ReconcileRequest = Pick<
  StorageCleanupRequest,
  "reconcile" | "expected" | "after" | "until"
>;

/** What a comparison found. */
export type Comparison = Omit<ReconcileReport, "pending" | "dead">;

const GRACE_SECONDS = 24 * 3600;
/** Orphans that one statement enqueues. */
const ORPHANS_PER_STATEMENT = 1000;
/** Objects that one request compares at most: the platform gives a request 2 s of processor time. */
const OBJECTS_PER_REQUEST = 50_000;
/** Keys that an answer names. */
const SAMPLE_KEYS = 100;

interface Listed {
  key: string;
  modified: string;
}

const listed = ({ key, modified }: ListedObject): Listed => ({
  key,
  modified: modified.toISOString(),
});

/** Objects of a page that nothing names, and how many are not ours. */
async function findOrphans({ admin, grace = GRACE_SECONDS }: ReconcilePorts, page: ListedObject[]) {
  const unnamed = await query(() =>
    admin.rpc("unnamed_objects", {
      listed: page.map(listed) as unknown as never,
      grace_seconds: grace,
    })
  );
  const orphans = new Set(unnamed.filter(({ ours }) => ours).map(({ key }) => key));
  return {
    orphans: page.filter(({ key }) => orphans.has(key)).map(listed),
    foreign: unnamed.length - orphans.size,
  };
}

/** Rows between two keys whose objects are not on the page. @param through null: to the last row */
async function findMissing(
  { admin, grace = GRACE_SECONDS }: ReconcilePorts,
  page: string[],
  after: string,
  through: string | null,
) {
  let missing = 0;
  const keys: string[] = [];
  for (let from: string | null = after; from !== null;) {
    const after_key: string = from;
    const [rows] = await query(() =>
      admin.rpc("rows_without_objects", {
        after_key,
        through_key: through as string,
        listed: page,
        grace_seconds: grace,
      })
    );
    missing += rows?.missing ?? 0;
    keys.push(...(rows?.keys ?? []).slice(0, SAMPLE_KEYS - keys.length));
    from = rows?.next_key ?? null;
  }
  return { missing, keys };
}

/** Writes down what is to be deleted. The database looks again whether it still is an orphan. */
async function enqueue({ admin, grace = GRACE_SECONDS }: ReconcilePorts, orphans: Listed[]) {
  let enqueued = 0;
  for (const some of chunked(orphans, ORPHANS_PER_STATEMENT)) {
    enqueued += await query(() =>
      admin.rpc("enqueue_orphans", {
        listed: some as unknown as never,
        grace_seconds: grace,
      })
    );
  }
  return enqueued;
}

/**
 * Compares the bucket with the rows. Where it ends early (time, or number of objects) it says where to
 * go on. apply enqueues only after the whole range was compared, and only where no more orphans were
 * found than expected.
 *
 * @throws {ChatArchiveError} `conflict` where there are more orphans than `expected`, or the bucket is
 *   not this database's: nothing is enqueued then
 */
export async function reconcile(
  { reconcile: mode, expected = 0, after = "", until }: ReconcileRequest,
  ports: ReconcilePorts,
): Promise<Comparison> {
  const found: Comparison = {
    compared: 0,
    orphans: 0,
    orphan_keys: [],
    foreign: 0,
    missing: 0,
    missing_keys: [],
  };
  if (mode === "apply" && (await checkBucket(ports)).verdict !== "same") {
    throw new ChatArchiveError(
      "conflict",
      "the bucket was last used by another or a later database: accept the restore first",
    );
  }
  const doomed: Listed[] = [];
  const compare = async (page: ListedObject[], from: string, through: string | null) => {
    const { orphans, foreign } = page.length > 0
      ? await findOrphans(ports, page)
      : { orphans: [], foreign: 0 };
    // Whoever reads a key of which only earlier versions are kept finds nothing.
    const visible = page.filter(({ hidden }) => !hidden).map(({ key }) => key);
    const { missing, keys } = await findMissing(ports, visible, from, through);
    found.compared += page.length;
    found.orphans += orphans.length;
    found.foreign += foreign;
    found.missing += missing;
    found.orphan_keys.push(
      ...orphans.slice(0, SAMPLE_KEYS - found.orphan_keys.length).map(({ key }) => key),
    );
    found.missing_keys.push(...keys.slice(0, SAMPLE_KEYS - found.missing_keys.length));
    if (mode !== "apply") return;
    if (found.orphans > expected) {
      throw new ChatArchiveError(
        "conflict",
        `more orphans than the ${expected} expected: nothing was enqueued; run a dry run again`,
      );
    }
    doomed.push(...orphans);
  };

  let compared = after;
  let ended = true;
  const start = { hidden: true, ...(compared ? { after: compared } : {}) };
  for await (const all of ports.store.list("", start)) {
    const page = until === undefined ? all : all.filter(({ key }) => key <= until);
    const last = page.at(-1)?.key;
    if (last !== undefined) {
      await compare(page.filter(({ key }) => key !== MARKER_KEY), compared, last);
      compared = last;
    }
    if (page.length < all.length) break;
    if (performance.now() >= ports.deadline || found.compared >= OBJECTS_PER_REQUEST) {
      ended = false;
      break;
    }
  }
  // Rows after the last object.
  if (ended) await compare([], compared, until ?? null);
  if (mode === "apply") found.orphans = await enqueue(ports, doomed);
  return ended ? found : { ...found, next: compared };
}
