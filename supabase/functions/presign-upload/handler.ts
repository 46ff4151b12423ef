import type {
  PresignUploadRequest,
  PresignUploadResponse,
} from "@shared/contracts/presign-upload.ts";
import { ChatArchiveError, type ErrorCode, fieldError } from "@shared/errors.ts";
import type { ContentType } from "@shared/object-keys.ts";
import type { ArchiveClient, Tables, Upload } from "@shared/rows.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";
import type { Settings } from "../_shared/settings.ts";

/** What presign-upload needs. */
export interface PresignUploadPorts {
  /** The caller's rights: the reservation is made under RLS. */
  db: ArchiveClient;
  store: Pick<ObjectStore, "presignPut">;
  settings: Pick<Settings, "maxFileSize" | "allowedTypes" | "uploadExpiration">;
  /** Milliseconds since the epoch. */
  now(): number;
}

type NewUpload = Tables["uploads"]["Insert"];

/** Columns that the caller chose; a repeated request must bring the same. */
const FACTS = [
  "chat_id",
  "kind",
  "file_name",
  "content_type",
  "file_size",
  "message_id",
  "document_id",
  "page_number",
  "coords_norm",
  "image_type",
  "description",
  "width",
  "height",
  "page_count",
  "sha256",
] as const;

/** Whether a reservation has the facts of the request, as JSON: coordinates are a list. */
function isSame(upload: Upload, row: NewUpload): boolean {
  const factsOf = (from: Upload | NewUpload) => JSON.stringify(FACTS.map((fact) => from[fact]));
  return factsOf(upload) === factsOf(row);
}

function refuse(code: ErrorCode, index: number, field: string, message: string): never {
  throw fieldError(code, ["files", index, field], message);
}

function checkLimits({ files }: PresignUploadRequest, { settings }: PresignUploadPorts) {
  const seen = new Set<string>();
  files.forEach((file, index) => {
    const allowed = settings.allowedTypes[file.kind];
    if (!allowed.includes(file.content_type as ContentType)) {
      refuse("unsupported_media_type", index, "content_type", `allowed: ${allowed.join(", ")}`);
    }
    if (file.size > settings.maxFileSize) {
      refuse("payload_too_large", index, "size", `at most ${settings.maxFileSize} bytes`);
    }
    if (file.id && seen.has(file.id)) {
      refuse("invalid_request", index, "id", "twice in one request");
    }
    if (file.id) seen.add(file.id);
  });
}

function reservations(
  { chat_id, files }: PresignUploadRequest,
  expires_in: number,
): (NewUpload & { id: string })[] {
  return files.map((file) => ({
    id: file.id ?? crypto.randomUUID(),
    chat_id,
    kind: file.kind,
    file_name: file.name,
    content_type: file.content_type,
    file_size: file.size,
    // PostgREST inserts a batch with the columns of all rows: each row has to have each.
    message_id: file.message_id ?? null,
    document_id: file.document_id ?? null,
    page_number: file.page_number ?? null,
    coords_norm: file.coords_norm ?? null,
    image_type: file.image_type ?? "viewport",
    description: file.description ?? null,
    width: file.width ?? null,
    height: file.height ?? null,
    page_count: file.page_count ?? null,
    sha256: file.sha256,
    expires_in,
  }));
}

/**
 * Opens reservations again whose URL has died before anything was confirmed.
 *
 * @returns as they are now, by id
 */
async function renew(
  db: ArchiveClient,
  reserved: Map<string, Upload>,
  { settings, now }: Pick<PresignUploadPorts, "settings" | "now">,
): Promise<Map<string, Upload>> {
  const ids = [...reserved.values()]
    .filter(({ status, expires_at }) => status !== "confirmed" && Date.parse(expires_at) <= now())
    .map(({ id }) => id);
  if (ids.length === 0) return reserved;
  const renewed = await query(() =>
    db.rpc("renew_uploads", { ids, expires_in: settings.uploadExpiration })
  );
  return new Map([...reserved, ...renewed.map((row) => [row.id, row] as const)]);
}

/**
 * When the URLs of a reservation die, in milliseconds. A user may reserve without this function, for
 * longer than the setting says.
 *
 * @param lifetime seconds that one may live
 */
function endOf({ expires_at, expires_in }: Upload, lifetime: number): number {
  return Date.parse(expires_at) - (expires_in - lifetime) * 1000;
}

/** Says which file brought the field that the database refuses, where only one can have. */
function located(thrown: unknown, { files }: PresignUploadRequest): unknown {
  const issue = thrown instanceof ChatArchiveError ? thrown.details?.[0] : undefined;
  const [field] = issue?.path ?? [];
  if (field !== "document_id" && field !== "message_id") return thrown;
  if (new Set(files.flatMap((file) => file[field] ?? [])).size !== 1) return thrown;
  const { code, cause } = thrown as ChatArchiveError;
  const index = files.findIndex((file) => file[field] !== undefined);
  return fieldError(code, ["files", index, field], issue!.message, { cause });
}

/** Inserts what is new. @returns all reservations by id, those of an earlier request included */
async function reserve(db: ArchiveClient, rows: (NewUpload & { id: string })[]) {
  // A document first: images of the same request may name it.
  const sorted = [
    ...rows.filter(({ kind }) => kind === "document"),
    ...rows.filter(({ kind }) => kind !== "document"),
  ];
  const made = await query(() =>
    db.from("uploads").upsert(sorted, { onConflict: "id", ignoreDuplicates: true }).select()
  );
  const byId = new Map<string, Upload>(made.map((row) => [row.id, row]));
  const missing = rows.filter(({ id }) => !byId.has(id)).map(({ id }) => id);
  if (missing.length > 0) {
    const earlier = await query(() => db.from("uploads").select().in("id", missing));
    for (const row of earlier) byId.set(row.id, row);
  }
  return byId;
}

/**
 * Reserves uploads and signs a PUT for each, bound to key, length and type.
 *
 * @throws {ChatArchiveError} `unsupported_media_type`, `payload_too_large`, `invalid_request`,
 *   `not_found` for a chat that is not the caller's, or a message or document that is not of it;
 *   `conflict` for an id that was used for another file, or whose file is confirmed and whose URL has
 *   died; `quota_exceeded` where that is more than the caller may hold
 */
export async function presignUpload(
  request: PresignUploadRequest,
  ports: PresignUploadPorts,
): Promise<{ status: 201; body: PresignUploadResponse }> {
  checkLimits(request, ports);
  const rows = reservations(request, ports.settings.uploadExpiration);
  const reserved = await reserve(ports.db, rows).catch((error) => {
    throw located(error, request);
  });

  rows.forEach((row, index) => {
    const upload = reserved.get(row.id);
    if (!upload || !isSame(upload, row)) {
      refuse("conflict", index, "id", "the id is taken by another file");
    }
  });
  const current = await renew(ports.db, reserved, ports);

  const uploads = await Promise.all(rows.map(async (row, index) => {
    const upload = current.get(row.id)!;
    const lifetime = Math.min(upload.expires_in, ports.settings.uploadExpiration);
    const ends = endOf(upload, lifetime);
    // A repeated request signs only the time that is left, and never more than was asked for.
    const expiresIn = Math.min(lifetime, Math.floor((ends - ports.now()) / 1000) + 1);
    if (expiresIn < 1) {
      const message = upload.status === "confirmed"
        ? "this file is stored already"
        : `it was reserved for longer than is allowed: try again after ${upload.expires_at}`;
      refuse("conflict", index, "id", message);
    }
    const url = await ports.store.presignPut({
      key: upload.incoming_path,
      contentType: upload.content_type,
      size: upload.file_size,
      expiresIn,
    });
    return {
      id: upload.id,
      method: "PUT" as const,
      url,
      headers: { "content-type": upload.content_type },
      expires_at: lifetime === upload.expires_in ? upload.expires_at : new Date(ends).toISOString(),
    };
  }));
  return { status: 201, body: { uploads } };
}
