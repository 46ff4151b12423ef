import type {
  ConfirmUploadRequest,
  ConfirmUploadResponse,
} from "@shared/contracts/confirm-upload.ts";
import type { ChatImage } from "@shared/contracts/values.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ContentType } from "@shared/object-keys.ts";
import type { ArchiveClient, Upload } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import { HEAD_BYTES, inspectFile, TAIL_BYTES } from "../_shared/inspect_file.ts";
import type { ByteRange, ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";

/** What confirm-upload needs. */
export interface ConfirmUploadPorts {
  /** The caller's rights: which uploads are theirs. */
  db: ArchiveClient;
  /** Past RLS: clients may not insert images, because only verified bytes may become one. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "address" | "head" | "get" | "copy" | "deleteMany">;
}

interface Verified {
  upload: Upload;
  etag: string;
  width?: number;
  height?: number;
}

/** Uploads that are looked at side by side: each may hold {@link HEAD_BYTES} in memory. */
const PARALLEL = 8;

class Mismatch extends Error {}

/** Nothing to delete, and a PUT may still be under way. */
class NothingThere extends Mismatch {}

async function eachOf<T, R>(list: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = list.entries();
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  }));
  return results;
}

/** Part of one version. @returns null where that version is gone */
async function read(
  store: ConfirmUploadPorts["store"],
  key: string,
  range: ByteRange,
  etag: string,
): Promise<Uint8Array | null> {
  const part = await store.get(key, { range, etag });
  return part && await new Response(part.body).bytes();
}

/** Compares what arrived with what was reserved. @throws {Mismatch} saying how it differs */
async function verify(store: ConfirmUploadPorts["store"], upload: Upload): Promise<Verified> {
  const { incoming_path: key, file_size: size, content_type } = upload;
  const head = await store.head(key);
  if (!head) throw new NothingThere("nothing was uploaded");
  if (head.size !== size) throw new Mismatch(`${size} bytes were announced, ${head.size} arrived`);
  if (head.contentType.split(";")[0]!.trim().toLowerCase() !== content_type) {
    throw new Mismatch(`${content_type} was announced, ${head.contentType} arrived`);
  }
  if (upload.etag && upload.etag !== head.etag) throw new Mismatch("the file was replaced");

  const first = await read(
    store,
    key,
    { start: 0, end: Math.min(size, HEAD_BYTES) - 1 },
    head.etag,
  );
  const last = size <= HEAD_BYTES
    ? first
    : await read(store, key, { start: size - TAIL_BYTES, end: size - 1 }, head.etag);
  if (!first || !last) throw new Mismatch("the file was replaced while it was read");
  const found = inspectFile(content_type as ContentType, {
    head: first,
    tail: last.subarray(-TAIL_BYTES),
    size,
  });
  if (!found.ok) throw new Mismatch(found.message);
  const { ok: _, ...pixels } = found;
  return { upload, etag: head.etag, ...pixels };
}

/** Copies the pinned version to its final key. @throws {Mismatch} where it is gone */
async function copyPinned(store: ConfirmUploadPorts["store"], { upload }: Verified, etag: string) {
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

/** Verifies, pins and copies. @returns what is ready to be confirmed, and why the rest is not */
async function receive(ports: ConfirmUploadPorts, uploads: Upload[]) {
  const mismatches = new Map<string, Mismatch>();
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
    (upload) => attempt(upload.id, () => verify(ports.store, upload)),
  )).filter((one) => one !== undefined);

  await failpoint("confirm.verified");
  const pinned = await pin(ports.admin, verified);
  await failpoint("confirm.pinned");
  const ready = (await eachOf(verified, (one) =>
    attempt(one.upload.id, async () => {
      const etag = pinned.get(one.upload.id);
      // Confirmed by somebody else, expired or deleted meanwhile: the last step tells which.
      if (etag === undefined) return one;
      if (etag !== one.etag) throw new Mismatch("the file was replaced");
      await copyPinned(ports.store, one, etag);
      return one;
    }))).filter((one) => one !== undefined);
  return { ready, mismatches };
}

/**
 * Verifies uploaded bytes and makes them images or documents.
 *
 * @throws {ChatArchiveError} `not_found` when no id is the caller's, `storage_unavailable` when the
 *   bucket does not answer: nothing is lost then, and the request can be repeated
 */
export async function confirmUpload(
  request: ConfirmUploadRequest,
  ports: ConfirmUploadPorts,
): Promise<{ status: 200; body: ConfirmUploadResponse }> {
  const ids = [...new Set(request.ids)];
  const select = () => query(() => ports.db.from("uploads").select().in("id", ids));
  // In the order of the request, which becomes the order of the images.
  const before = (await select()).toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  if (before.length === 0) throw new ChatArchiveError("not_found", "no such uploads");

  const { ready, mismatches } = await receive(
    ports,
    before.filter(({ status }) => status === "reserved"),
  );
  await failpoint("confirm.copied");
  if (ready.length > 0) {
    await query(() =>
      ports.admin.rpc("confirm_uploads", {
        verified: ready.map(({ upload, width, height }) => ({
          id: upload.id,
          s3_url: ports.store.address(upload.s3_path),
          ...(width && height ? { width, height } : {}),
        })),
      })
    );
  }
  await failpoint("confirm.recorded");

  // Read again: another confirm of the same ids may have been faster, or the chat may be gone.
  const after = new Map((await select()).map((upload) => [upload.id, upload]));
  const images = await query(() =>
    ports.db.from("chat_images").select().in("id", ids).order("seq")
  );
  const imageIds = new Set(images.map(({ id }) => id));
  const current = new Set(await currentDocuments(ports.db, [...after.values()]));
  const documents: ConfirmUploadResponse["documents"] = [];
  const rejected: ConfirmUploadResponse["rejected"] = [];
  for (const id of ids) {
    const upload = after.get(id);
    if (imageIds.has(id)) continue;
    if (upload?.status === "confirmed" && current.has(upload.s3_path)) {
      documents.push({ id, chat_id: upload.chat_id, path: upload.s3_path });
    } else if (!upload || upload.status === "confirmed") {
      rejected.push({
        id,
        code: "not_found",
        message: "no such upload, or what it brought is gone",
      });
    } else {
      const message = mismatches.get(id)?.message ?? "the reservation has expired";
      rejected.push({ id, code: "upload_mismatch", message });
    }
  }

  await tidy(ports.store, before, after, mismatches);
  return { status: 200, body: { images: images as ChatImage[], documents, rejected } };
}

/** Keys of the documents that the chats of some uploads have now: a replaced one is gone. */
async function currentDocuments(db: ArchiveClient, uploads: Upload[]): Promise<string[]> {
  const chats = uploads.filter(({ kind }) => kind === "document").map(({ chat_id }) => chat_id);
  if (chats.length === 0) return [];
  const rows = await query(() => db.from("chats").select("document_path").in("id", chats));
  return rows.flatMap(({ document_path }) => document_path ?? []);
}

/** What is settled needs its incoming object no more. The queue would delete it later anyway. */
async function tidy(
  store: ConfirmUploadPorts["store"],
  before: Upload[],
  after: Map<string, Upload>,
  mismatches: Map<string, Mismatch>,
) {
  const isSettled = (id: string) =>
    after.get(id)?.status === "confirmed" ||
    (mismatches.has(id) && !(mismatches.get(id) instanceof NothingThere));
  const keys = before
    .filter(({ id, status }) => status === "reserved" && isSettled(id))
    .map(({ incoming_path }) => incoming_path);
  if (keys.length > 0) await store.deleteMany(keys).catch(() => {});
}
