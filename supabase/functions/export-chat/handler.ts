import { EXPORT_VERSION, type ExportManifest } from "@shared/contracts/chat-export.ts";
import type { ExportChatRequest } from "@shared/contracts/export-chat.ts";
import { NEXT_AFTER_HEADER } from "@shared/headers.ts";
import { encoded } from "../_shared/byte_stream.ts";
import type { ArchiveClient, Image } from "@shared/rows.ts";
import type { ListedDocument } from "../_shared/documents.ts";
import { contentDisposition } from "../_shared/content_disposition.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { StreamReply } from "../_shared/serve.ts";
import type { Settings } from "../_shared/settings.ts";
import { ZipWriter } from "../_shared/zip_writer.ts";
import { readChat } from "./chat_reader.ts";
import { renderJson } from "./json_export.ts";
import { renderChat } from "./markdown_export.ts";
import { foldersOf, type Part, readPart } from "./parts.ts";
import { fileOf, type Subject, subjectOf } from "./subject.ts";
import { packChat } from "./zip_export.ts";

/** What export-chat needs. */
export interface ExportChatPorts {
  /** The caller's rights: RLS decides what is exported. */
  db: ArchiveClient;
  /** Null where USE_S3_STORAGE is false: images are named, not linked. */
  store: Pick<ObjectStore, "presignGet" | "get" | "bytes" | "check"> | null;
  settings: Pick<Settings, "downloadExpiration">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Milliseconds until a bucket that keeps silent counts as down. */
const CHECK_TIMEOUT_MS = 5_000;

/** Signs addresses that all end at the same time. */
function linksOf({ store, settings }: ExportChatPorts, exportedAt: Date) {
  const expiresIn = settings.downloadExpiration;
  return {
    sign: (row: Image | ListedDocument) =>
      store!.presignGet({ ...fileOf(row), expiresIn, disposition: "inline" }),
    until: new Date(exportedAt.getTime() + expiresIn * 1000),
  };
}

async function* asMarkdown(subject: Subject, ports: ExportChatPorts): AsyncGenerator<string> {
  const { exportedAt, leftOut } = subject;
  const { sign, until } = linksOf(ports, exportedAt);
  const linked = leftOut === undefined;
  yield* renderChat(ports.db, subject, {
    ...(linked ? { linksUntil: until } : {}),
    addressOf: (row) => linked ? sign(row) : undefined,
  });
}

async function* asJson(subject: Subject, ports: ExportChatPorts): AsyncGenerator<string> {
  const { exportedAt, leftOut } = subject;
  const { sign, until } = linksOf(ports, exportedAt);
  yield* renderJson(
    ports.db,
    subject,
    async (row) =>
      leftOut === undefined
        ? { link: { url: await sign(row), expires_at: until.toISOString() } }
        : {},
  );
}

async function* asZip(subject: Subject, { db, store }: ExportChatPorts) {
  const zip = new ZipWriter();
  yield* packChat(zip, "", subject, { db, store });
  yield* zip.end();
}

async function* partAsZip(
  { chats, next }: Part,
  facts: Pick<Subject, "exportedAt" | "leftOut">,
  { db, store }: ExportChatPorts,
) {
  const zip = new ZipWriter();
  const folders = foldersOf(chats);
  const manifest: ExportManifest = {
    format: "chat-archive-parts",
    version: EXPORT_VERSION,
    exported_at: facts.exportedAt.toISOString(),
    chats: [...folders].map(([{ id, title }, folder]) => ({ id, title, folder })),
    next_after: next,
  };
  const text = new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n");
  yield* zip.file("manifest.json", [text], facts.exportedAt);
  for (const [chat, folder] of folders) {
    yield* packChat(zip, folder, await subjectOf(db, chat, facts), { db, store });
  }
  yield* zip.end();
}

/** Why files are named only. @returns undefined where they are not */
async function leftOutOf(
  { images, format }: ExportChatRequest,
  { store }: ExportChatPorts,
): Promise<string | undefined> {
  if (images === "none") return "asked for without";
  if (store === null) return "object storage is switched off";
  if (format !== "zip") return undefined;
  // Asked once: a zip without files is worth having, and each file would wait in vain.
  return await store.check(AbortSignal.timeout(CHECK_TIMEOUT_MS))
    .then(() => undefined, () => "the object storage did not answer");
}

const TYPES = {
  markdown: { contentType: "text/markdown; charset=utf-8", extension: "md", render: asMarkdown },
  json: { contentType: "application/json", extension: "json", render: asJson },
};

/**
 * Streams a chat as Markdown, JSON or zip, or a part of all chats as zip. An error after the first
 * byte aborts the stream, so that a cut file never passes for a whole one; when the reader goes away,
 * the work stops.
 *
 * @throws {ChatArchiveError} `not_found` for a chat that is not the caller's
 */
export async function exportChat(
  request: ExportChatRequest,
  ports: ExportChatPorts,
): Promise<StreamReply> {
  const answer = (
    chunks: AsyncIterable<Uint8Array>,
    contentType: string,
    fileName: string,
    next?: string | null,
  ): StreamReply => ({
    chunks,
    headers: {
      "content-type": contentType,
      "content-disposition": contentDisposition("attachment", fileName),
      "cache-control": "no-store",
      ...(next ? { [NEXT_AFTER_HEADER]: next } : {}),
    },
  });

  const exportedAt = new Date(ports.now());
  if ("all" in request) {
    const part = await readPart(ports.db, request.after);
    const facts = { exportedAt, leftOut: await leftOutOf(request, ports) };
    const name = `chats ${exportedAt.toISOString().slice(0, 10)}.zip`;
    return answer(partAsZip(part, facts, ports), "application/zip", name, part.next);
  }
  const chat = await readChat(ports.db, request.chat_id);
  const leftOut = await leftOutOf(request, ports);
  const subject = await subjectOf(ports.db, chat, { exportedAt, leftOut });
  if (request.format === "zip") {
    return answer(asZip(subject, ports), "application/zip", `${chat.title}.zip`);
  }
  const { contentType, extension, render } = TYPES[request.format];
  return answer(encoded(render(subject, ports)), contentType, `${chat.title}.${extension}`);
}
