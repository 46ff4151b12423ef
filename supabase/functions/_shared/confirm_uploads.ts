/**
 * Makes verified bytes of uploads images or documents: what confirm-upload and import-chat share.
 *
 * @module
 */
import { eachOf } from "@shared/async.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Image, Upload } from "@shared/rows.ts";
import { failpoint } from "./failpoint.ts";
import type { ObjectStore } from "./object_store.ts";
import { Mismatch, NothingThere, type Verified, verifyUpload } from "./verify_upload.ts";

/** What confirming needs. */
export interface ConfirmPorts {
  /** Whoever asks: which uploads are theirs. */
  db: ArchiveClient;
  /** Past RLS: clients may not insert images, because only verified bytes may become one. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "address" | "head" | "get" | "copy" | "deleteMany">;
}

/** What became of uploads. */
export interface Confirmed {
  /** By seq. */
  images: Image[];
  documents: { id: string; chat_id: string; path: string }[];
  rejected: { id: string; code: "upload_mismatch" | "not_found"; message: string }[];
}

/** Uploads that are looked at side by side: each may hold the head of its file in memory. */
const PARALLEL_UPLOADS = 8;

/** Copies the pinned version to its final key. @throws {Mismatch} where it is gone */
async function copyPinned(store: ConfirmPorts["store"], { upload }: Verified, etag: string) {
  const copied = await store.copy(upload.incoming_path, upload.s3_path, etag);
  if (copied === null) throw new Mismatch("the file was replaced while it was confirmed");
  if (copied === etag) return;
  // Buckets that encrypt, or that got the file in parts, give a copy another ETag. That is fine as
  // long as the source still is what was verified: then nothing else can have been copied.
  const source = await store.head(upload.incoming_path);
  if (source?.etag !== etag) throw new Mismatch("the file was replaced while it was confirmed");
}

async function pin(admin: ArchiveClient, verified: Verified[]): Promise<Map<string, string>> {
  if (verified.length === 0) return new Map();
  const rows = await query(() =>
    admin.rpc("pin_uploads", {
      verified: verified.map(({ upload: { id }, etag }) => ({ id, etag })),
    })
  );
  return new Map(rows.map(({ id, etag }) => [id, etag]));
}

/** Why uploads were refused, by id. */
type Mismatches = Map<string, Mismatch>;

/** Verifies, pins and copies. @returns what is ready to be confirmed, and why the rest is not */
async function receive({ store, admin }: ConfirmPorts, uploads: Upload[]) {
  const mismatches: Mismatches = new Map();
  const attempt = async <T>(id: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      mismatches.set(id, error);
    }
  };
  const verified = (await eachOf(
    uploads,
    PARALLEL_UPLOADS,
    (upload) => attempt(upload.id, () => verifyUpload(store, upload)),
  )).filter((one) => one !== undefined);

  await failpoint("confirm.verified");
  const pinned = await pin(admin, verified);
  await failpoint("confirm.pinned");
  const ready =
    (await eachOf(verified, PARALLEL_UPLOADS, (one) =>
      attempt(one.upload.id, async () => {
        const etag = pinned.get(one.upload.id);
        // Confirmed by somebody else, expired or deleted meanwhile: the last step tells which.
        if (etag === undefined) return one;
        if (etag !== one.etag) throw new Mismatch("the file was replaced");
        await copyPinned(store, one, etag);
        return one;
      }))).filter((one) => one !== undefined);
  return { ready, mismatches };
}

async function record({ admin, store }: ConfirmPorts, ready: Verified[]) {
  if (ready.length === 0) return;
  await query(() =>
    admin.rpc("confirm_uploads", {
      verified: ready.map(({ upload, width, height }) => ({
        id: upload.id,
        s3_url: store.address(upload.s3_path),
        ...(width && height ? { width, height } : {}),
      })),
    })
  );
}

/** Keys of those documents that uploads have become and that are still there. */
async function currentDocuments(db: ArchiveClient, uploads: Upload[]): Promise<Set<string>> {
  const ids = uploads.filter(({ kind }) => kind === "document").map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const rows = await query(() => db.from("chat_documents").select("s3_path").in("id", ids));
  return new Set(rows.map(({ s3_path }) => s3_path));
}

/** Says what the rows are now: another confirm may have been faster, or the chat may be gone. */
async function outcome(
  db: ArchiveClient,
  ids: string[],
  after: Map<string, Upload>,
  mismatches: Mismatches,
): Promise<Confirmed> {
  const images = await query(() => db.from("chat_images").select().in("id", ids).order("seq"));
  const imageIds = new Set(images.map(({ id }) => id));
  const current = await currentDocuments(db, [...after.values()]);
  const found: Confirmed = { images, documents: [], rejected: [] };
  for (const id of ids) {
    const upload = after.get(id);
    if (imageIds.has(id)) continue;
    if (upload?.status === "confirmed" && current.has(upload.s3_path)) {
      found.documents.push({ id, chat_id: upload.chat_id, path: upload.s3_path });
    } else if (!upload || upload.status === "confirmed") {
      const message = "no such upload, or what it brought is gone";
      found.rejected.push({ id, code: "not_found", message });
    } else {
      const message = mismatches.get(id)?.message ?? "the reservation has expired";
      found.rejected.push({ id, code: "upload_mismatch", message });
    }
  }
  return found;
}

/** What is settled needs its incoming object no more. The queue would delete it later anyway. */
async function removeIncoming(
  store: ConfirmPorts["store"],
  before: Upload[],
  after: Map<string, Upload>,
  mismatches: Mismatches,
) {
  const isSettled = (id: string) =>
    after.get(id)?.status === "confirmed" ||
    (mismatches.has(id) && !(mismatches.get(id) instanceof NothingThere));
  const keys = before.filter(({ id }) => isSettled(id)).map(({ incoming_path }) => incoming_path);
  if (keys.length > 0) await store.deleteMany(keys).catch(() => {});
}

/**
 * Verifies uploads and makes them images or documents.
 *
 * @param ids each once, in the order that the images get
 * @returns null where no upload is `db`'s to see
 * @throws {ChatArchiveError} `storage_unavailable` when the bucket does not answer: nothing is lost
 *   then, and the call can be repeated
 */
export async function confirmUploads(
  ids: string[],
  ports: ConfirmPorts,
): Promise<Confirmed | null> {
  const select = () => query(() => ports.db.from("uploads").select().in("id", ids));
  const before = (await select()).toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  if (before.length === 0) return null;
  const reserved = before.filter(({ status }) => status === "reserved");

  const { ready, mismatches } = await receive(ports, reserved);
  await failpoint("confirm.copied");
  await record(ports, ready);
  await failpoint("confirm.recorded");

  const after = new Map((await select()).map((upload) => [upload.id, upload]));
  const confirmed = await outcome(ports.db, ids, after, mismatches);
  await removeIncoming(ports.store, reserved, after, mismatches);
  return confirmed;
}
