import type {
  PresignDownloadRequest,
  PresignDownloadResponse,
} from "@shared/contracts/presign-download.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { readDocument } from "../_shared/document.ts";
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

const COLUMNS = "id, seq, s3_path, image_name, content_type";
/** Images of one page: PostgREST's max_rows. */
const PAGE_ROWS = 1000;

interface ImageRow {
  id: string;
  seq: number;
  s3_path: string;
  image_name: string;
  content_type: string;
}

function targetOf({ id, s3_path, image_name, content_type }: ImageRow): Target {
  return { id, key: s3_path, fileName: image_name, contentType: content_type };
}

async function imagesById(db: ArchiveClient, ids: string[]) {
  const pages = await Promise.all(
    chunked(ids, IDS_PER_QUERY).map((some) =>
      query(() => db.from("chat_images").select(COLUMNS).in("id", some))
    ),
  );
  const found = new Map(pages.flat().map((row) => [row.id, targetOf(row)]));
  return {
    targets: ids.flatMap((id) => found.get(id) ?? []),
    missing: ids.filter((id) => !found.has(id)),
  };
}

async function chatOf(db: ArchiveClient, id: string) {
  const chat = await query(() =>
    db.from("chats").select("id, document_path").eq("id", id).maybeSingle()
  );
  if (!chat) throw new ChatArchiveError("not_found", "no such chat");
  return chat;
}

async function imagesOfChat(db: ArchiveClient, chat_id: string, after: string | undefined) {
  await chatOf(db, chat_id);
  const rows = await query(() =>
    db.from("chat_images").select(COLUMNS)
      .eq("chat_id", chat_id).gt("seq", after ?? "0").order("seq").limit(PAGE_ROWS)
  );
  return {
    targets: rows.map(targetOf),
    missing: [],
    ...(rows.length === PAGE_ROWS ? { next: String(rows.at(-1)!.seq) } : {}),
  };
}

async function documentOf(db: ArchiveClient, chat_id: string) {
  const document = await readDocument(db, await chatOf(db, chat_id));
  return document
    ? { targets: [{ id: chat_id, ...document }], missing: [] }
    : { targets: [], missing: [chat_id] };
}

/**
 * Signs GETs for images or a document of the caller's.
 *
 * @throws {ChatArchiveError} `not_found` for a chat that is not the caller's
 */
export async function presignDownload(
  request: PresignDownloadRequest,
  { db, store, settings, now }: PresignDownloadPorts,
): Promise<{ status: 200; body: PresignDownloadResponse }> {
  const { targets, ...rest } = "ids" in request
    ? await imagesById(db, [...new Set(request.ids)])
    : "chat_id" in request
    ? await imagesOfChat(db, request.chat_id, request.after)
    : await documentOf(db, request.document_of);

  const expiresIn = settings.downloadExpiration;
  const expires_at = new Date(now() + expiresIn * 1000).toISOString();
  const downloads = await Promise.all(targets.map(async ({ id, ...target }) => ({
    id,
    url: await store.presignGet({ ...target, expiresIn, disposition: "inline" }),
    expires_at,
  })));
  return { status: 200, body: { downloads, ...rest } };
}
