import type { ExportedDocument } from "@shared/contracts/chat-export.ts";
import type { ExportChatRequest } from "@shared/contracts/export-chat.ts";
import type { Chat } from "@shared/markdown/render.ts";
import { encoded } from "../_shared/byte_stream.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import { contentDisposition } from "../_shared/content_disposition.ts";
import { type ChatDocument, readDocument } from "../_shared/document.ts";
import type { GetRequest, ObjectStore } from "../_shared/object_store.ts";
import type { StreamReply } from "../_shared/serve.ts";
import type { Settings } from "../_shared/settings.ts";
import { readChat } from "./chat_reader.ts";
import { renderJson } from "./json_export.ts";
import { renderChat } from "./markdown_export.ts";

/** What export-chat needs. */
export interface ExportChatPorts {
  /** The caller's rights: RLS decides what is exported. */
  db: ArchiveClient;
  /** Null where USE_S3_STORAGE is false: images are named, not linked. */
  store: Pick<ObjectStore, "presignGet"> | null;
  settings: Pick<Settings, "downloadExpiration">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What every format begins with. */
interface Subject {
  chat: Chat;
  document: ChatDocument | null;
  exportedAt: Date;
  /** Why images are named and not linked; undefined where they are linked. */
  leftOut: string | undefined;
}

const TYPES = {
  markdown: { contentType: "text/markdown; charset=utf-8", extension: "md" },
  json: { contentType: "application/json", extension: "json" },
};

/** Signs addresses that all end at the same time. */
function linksOf({ store, settings }: ExportChatPorts, exportedAt: Date) {
  const expiresIn = settings.downloadExpiration;
  const until = new Date(exportedAt.getTime() + expiresIn * 1000);
  const sign = (file: Pick<GetRequest, "key" | "fileName" | "contentType">) =>
    store?.presignGet({ ...file, expiresIn, disposition: "inline" });
  return { sign, until };
}

function asMarkdown(subject: Subject, ports: ExportChatPorts): AsyncIterable<string> {
  const { chat, document, exportedAt, leftOut } = subject;
  const { sign, until } = linksOf(ports, exportedAt);
  const linked = leftOut === undefined;
  async function* render() {
    const documentUrl = linked && document ? await sign(document) : undefined;
    const facts = {
      exportedAt,
      ...(document ? { documentName: document.fileName } : {}),
      ...(documentUrl ? { documentUrl } : {}),
      ...(linked ? { linksUntil: until } : { imagesLeftOut: leftOut }),
    };
    yield* renderChat(ports.db, chat, facts, (image) =>
      linked
        ? sign({
          key: image.s3_path,
          fileName: image.image_name,
          contentType: image.content_type,
        })
        : undefined);
  }
  return render();
}

/** Facts of a document for the JSON, and where its bytes are. */
function exportedDocument(document: ChatDocument | null, place: object): ExportedDocument | null {
  if (document === null) return null;
  const { id = null, file_size = null, sha256 = null } = document.upload ?? {};
  const { fileName: file_name, contentType: content_type } = document;
  return { id, file_name, content_type, file_size, sha256, ...place };
}

function asJson(subject: Subject, ports: ExportChatPorts): AsyncIterable<string> {
  const { chat, document, exportedAt, leftOut } = subject;
  const { sign, until } = linksOf(ports, exportedAt);
  const link = async (file: Pick<GetRequest, "key" | "fileName" | "contentType">) =>
    leftOut === undefined
      ? { link: { url: await sign(file), expires_at: until.toISOString() } }
      : {};
  async function* render() {
    const head = {
      exportedAt,
      chat,
      document: exportedDocument(document, document ? await link(document) : {}),
    };
    yield* renderJson(
      ports.db,
      head,
      (image) =>
        link({ key: image.s3_path, fileName: image.image_name, contentType: image.content_type }),
    );
  }
  return render();
}

/**
 * Streams a chat as Markdown or JSON. An error after the first byte aborts the stream, so that a cut
 * file never passes for a whole one; when the reader goes away, the work stops.
 *
 * @throws {ChatArchiveError} `not_found` for a chat that is not the caller's
 */
export async function exportChat(
  request: ExportChatRequest,
  ports: ExportChatPorts,
): Promise<StreamReply> {
  const chat = await readChat(ports.db, request.chat_id);
  const subject = {
    chat,
    document: await readDocument(ports.db, chat),
    exportedAt: new Date(ports.now()),
    leftOut: request.images === "none"
      ? "asked for without"
      : ports.store === null
      ? "object storage is switched off"
      : undefined,
  };
  const parts = request.format === "json" ? asJson(subject, ports) : asMarkdown(subject, ports);
  const { contentType, extension } = TYPES[request.format];
  return {
    chunks: encoded(parts),
    headers: {
      "content-type": contentType,
      "content-disposition": contentDisposition("attachment", `${chat.title}.${extension}`),
      "cache-control": "no-store",
    },
  };
}
