import type {
  PresignDownloadRequest,
  PresignDownloadResponse,
} from "@shared/contracts/presign-download.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient, ChatDocument, Image } from "@shared/rows.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { chunked } from "@shared/async.ts";
import { IDS_PER_QUERY } from "@shared/limits.ts";
import { query } from "@shared/query.ts";
import type { Settings } from "../_shared/settings.ts";

/** What presign-download needs. */
export interface PresignDownloadPorts {
  /** The caller's rights: RLS decides what can be signed. */
  db: ArchiveClient;
  store: Pick<ObjectStore, "presignGet">;
  settings: Pick<Settings, "downloadExpiration">;
  /** Milliseconds since the epoch. */
  now(): number;
}

interface Target {
  id: string;
  key: string;
  fileName: string;
  contentType: string;
}

const IMAGE_COLUMNS = "id, seq, s3_path, image_name, content_type";
const DOCUMENT_COLUMNS = "id, s3_path, name, content_type";
/** Images of one page: PostgREST's max_rows. */
const PAGE_ROWS = 1000;

type ImageRow = Pick<Image, "id" | "s3_path" | "image_name" | "content_type">;
type DocumentRow = Pick<ChatDocument, "id" | "s3_path" | "name" | "content_type">;

function targetOf(row: ImageRow | DocumentRow): Target {
  const { id, s3_path, content_type } = row;
  const fileName = "name" in row ? row.name : row.image_name;
  return { id, key: s3_path, fileName, contentType: content_type };
}

async function filesById(db: ArchiveClient, ids: string[]) {
  const pages = await Promise.all(
    chunked(ids, IDS_PER_QUERY).flatMap<Promise<(ImageRow | DocumentRow)[]>>((some) => [
      query(() => db.from("chat_images").select(IMAGE_COLUMNS).in("id", some)),
      query(() => db.from("chat_documents").select(DOCUMENT_COLUMNS).in("id", some)),
    ]),
  );
  const found = new Map(pages.flat().map((row) => [row.id, targetOf(row)]));
  return {
    targets: ids.flatMap((id) => found.get(id) ?? []),
    missing: ids.filter((id) => !found.has(id)),
  };
}

async function assertChat(db: ArchiveClient, id: string) {
  const chat = await query(() => db.from("chats").select("id").eq("id", id).maybeSingle());
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
}

async function imagesOfChat(db: ArchiveClient, chat_id: string, after: string | undefined) {
  await assertChat(db, chat_id);
  const rows = await query(() =>
    db.from("chat_images").select(IMAGE_COLUMNS)
      .eq("chat_id", chat_id).gt("seq", after ?? "0").order("seq").limit(PAGE_ROWS)
  );
  return {
    targets: rows.map(targetOf),
    missing: [],
    ...(rows.length === PAGE_ROWS ? { next: String(rows.at(-1)!.seq) } : {}),
  };
}

async function firstDocumentOf(db: ArchiveClient, chat_id: string) {
  await assertChat(db, chat_id);
  const document = await query(() =>
    db.from("chat_documents").select(DOCUMENT_COLUMNS)
      .eq("chat_id", chat_id).order("seq").limit(1).maybeSingle()
  );
  return document
    ? { targets: [{ ...targetOf(document), id: chat_id }], missing: [] }
    : { targets: [], missing: [chat_id] };
}

/**
 * Signs GETs for images and documents of the caller's.
 *
 * @throws {ChatArchiveError} `not_found` for a chat that is not the caller's
 */
export async function presignDownload(
  request: PresignDownloadRequest,
  { db, store, settings, now }: PresignDownloadPorts,
): Promise<{ status: 200; body: PresignDownloadResponse }> {
  const { targets, ...rest } = "ids" in request
    ? await filesById(db, [...new Set(request.ids)])
    : "chat_id" in request
    ? await imagesOfChat(db, request.chat_id, request.after)
    : await firstDocumentOf(db, request.document_of);

  const expiresIn = settings.downloadExpiration;
  const expires_at = new Date(now() + expiresIn * 1000).toISOString();
  const downloads = await Promise.all(targets.map(async ({ id, ...target }) => ({
    id,
    url: await store.presignGet({ ...target, expiresIn, disposition: "inline" }),
    expires_at,
  })));
  return { status: 200, body: { downloads, ...rest } };
}
