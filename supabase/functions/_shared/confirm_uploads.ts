/**
 * Makes uploads images or documents, once their bytes are verified.
 *
 * @module
 */
import { eachOf } from "@shared/async.ts";
import type { ConfirmUploadResponse } from "@shared/contracts/confirm-upload.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Upload } from "@shared/rows.ts";
import { type Attempt, attemptCopy, type AttemptResult } from "./attempt_copy.ts";
import {
  beginAttempts,
  type ConfirmedAttempt,
  settleAttempts,
  type Settled,
} from "./confirm_attempts.ts";
import { failpoint } from "./failpoint.ts";
import type { ObjectStore } from "./object_store.ts";
import { Mismatch } from "./passing_bytes.ts";

/** What confirming needs. */
export interface ConfirmPorts {
  /** Whoever asks: which uploads are theirs. */
  db: ArchiveClient;
  /** Past RLS: clients may not insert images, because only verified bytes may become one. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "address" | "head" | "scan" | "copy" | "deleteMany">;
  /** Bytes that one request reads at most: every byte is hashed. */
  maxBytes: number;
}

/** Uploads that are copied and read side by side. */
const PARALLEL_UPLOADS = 8;

/** What became of each upload that was looked at, by id. */
interface Attempted {
  verified: ConfirmedAttempt[];
  mismatches: Map<string, Mismatch>;
  /** The bucket did not answer. */
  failures: Map<string, unknown>;
  /** Keys of attempts that can't be recorded any more. */
  givenUp: string[];
  /** Keys whose objects are known to be of no use. */
  useless: string[];
}

/** As many as may be read in one request, the first always. */
function portion(uploads: Upload[], maxBytes: number): Upload[] {
  let sum = 0;
  return uploads.filter(({ file_size }, index) => (sum += file_size) <= maxBytes || index === 0);
}

/** Those whose incoming object can be theirs, so that nothing else is copied. */
async function arrived({ store }: ConfirmPorts, uploads: Upload[], found: Attempted) {
  const sizes = await eachOf(uploads, PARALLEL_UPLOADS, async ({ id, incoming_path }) => {
    try {
      return (await store.head(incoming_path))?.size ?? null;
    } catch (error) {
      found.failures.set(id, error);
      return undefined;
    }
  });
  return uploads.filter(({ id, file_size, incoming_path }, index) => {
    const size = sizes[index];
    if (size === undefined || size === file_size) return size === file_size;
    found.mismatches.set(id, new Mismatch());
    // Nothing to delete where nothing is there, and a PUT may be under way.
    if (size !== null) found.useless.push(incoming_path);
    return false;
  });
}

function sortOut(found: Attempted, { upload, key }: Attempt, result: AttemptResult) {
  if (result.outcome === "verified") {
    found.verified.push({ id: upload.id, key, ...result.verified });
    return;
  }
  found.givenUp.push(key);
  if (result.outcome === "failed") {
    found.failures.set(upload.id, result.error);
    return;
  }
  found.mismatches.set(upload.id, result.mismatch);
  found.useless.push(upload.incoming_path, key);
}

/** Copies uploads to keys of their own and verifies what lies there. */
async function attempt(ports: ConfirmPorts, uploads: Upload[]): Promise<Attempted> {
  const found: Attempted = {
    verified: [],
    mismatches: new Map(),
    failures: new Map(),
    givenUp: [],
    useless: [],
  };
  const attempts = await beginAttempts(ports.admin, await arrived(ports, uploads, found));
  await failpoint("confirm.begun");
  const results = await eachOf(attempts, PARALLEL_UPLOADS, (one) => attemptCopy(ports.store, one));
  attempts.forEach((one, index) => sortOut(found, one, results[index]!));
  await failpoint("confirm.verified");
  return found;
}

const isClosed = ({ status, closes_at }: Upload) =>
  status === "expired" || Date.parse(closes_at) <= Date.now();

/** Says what has become of each upload. */
function outcome(
  ids: string[],
  { uploads, images, documents }: Settled,
  { mismatches }: Attempted,
): ConfirmUploadResponse {
  const after = new Map(uploads.map((upload) => [upload.id, upload]));
  const stored = new Set([...images, ...documents].map(({ id }) => id));
  const rejected: ConfirmUploadResponse["rejected"] = [];
  const pending: string[] = [];
  for (const id of ids.filter((id) => !stored.has(id))) {
    const upload = after.get(id);
    const mismatch = mismatches.get(id);
    if (!upload || upload.status === "confirmed") {
      const message = "no such upload, or what it brought is gone";
      rejected.push({ id, code: "not_found", message });
    } else if (isClosed(upload)) {
      const message = "the reservation has expired: reserve it again with the same id";
      rejected.push({ id, code: "upload_mismatch", message });
    } else if (mismatch) {
      rejected.push({ id, code: "upload_mismatch", message: mismatch.message });
    } else {
      pending.push(id);
    }
  }
  return { images, documents, rejected, pending };
}

/** Objects that are of no use any more go at once. The queue would delete them later anyway. */
async function tidy(
  store: ConfirmPorts["store"],
  uploads: Upload[],
  recorded: string[],
  { useless }: Attempted,
) {
  const settled = uploads.filter(({ id }) => recorded.includes(id));
  const keys = [...settled.map(({ incoming_path }) => incoming_path), ...useless];
  if (keys.length > 0) await store.deleteMany(keys).catch(() => {});
}

/**
 * Verifies uploads and makes them images or documents.
 *
 * @param ids each once, in the order that the images get
 * @returns null where no upload is `db`'s to see
 * @throws {ChatArchiveError} `storage_unavailable` when the bucket does not answer for any of them:
 *   nothing is lost then, and the call can be repeated
 */
export async function confirmUploads(
  ids: string[],
  ports: ConfirmPorts,
): Promise<ConfirmUploadResponse | null> {
  const before = (await query(() => ports.db.from("uploads").select().in("id", ids)))
    .toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  if (before.length === 0) return null;
  const open = before.filter((upload) => upload.status === "reserved" && !isClosed(upload));

  const found = await attempt(ports, portion(open, ports.maxBytes));
  const settled = await settleAttempts(ports, {
    // Only what the caller may see.
    ids: before.map(({ id }) => id),
    verified: found.verified,
    givenUp: found.givenUp,
  });
  await failpoint("confirm.recorded");
  await tidy(ports.store, open, settled.recorded, found);

  const confirmed = outcome(ids, settled, found);
  const [failure] = found.failures.values();
  // What did not fail is told; what did can be asked for again.
  if (failure !== undefined && confirmed.pending.length === ids.length) throw failure;
  return confirmed;
}
