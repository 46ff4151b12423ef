import type { ExportChatRequest } from "@shared/contracts/export-chat.ts";
import {
  BETWEEN_HITS,
  type Chat,
  type ExportFacts,
  type Hit,
  HITS_HEADING,
  type Image,
  LOOSE_HEADING,
  renderHeader,
  renderHit,
  renderImage,
  renderMessage,
} from "@shared/markdown/render.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import { contentDisposition } from "../_shared/content_disposition.ts";
import { readDocument } from "../_shared/document.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { Settings } from "../_shared/settings.ts";
import { readChat, readEntries, readLoose } from "./chat_reader.ts";

/** What export-chat needs. */
export interface ExportChatPorts {
  /** The caller's rights: RLS decides what is exported. */
  db: ArchiveClient;
  /** Null where USE_S3_STORAGE is false: images are named, not linked. */
  store: Pick<ObjectStore, "presignGet"> | null;
  settings: Pick<Settings, "downloadExpiration">;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Told of an error after the first byte, which no status can tell any more. */
  onAbort(error: unknown): void;
}

type SignImage = (image: Image) => Promise<string | undefined>;

async function* renderHits(hits: AsyncIterable<Hit>, heading: string) {
  let first = true;
  for await (const hit of hits) {
    yield (first ? heading : BETWEEN_HITS) + renderHit(hit);
    first = false;
  }
}

async function* renderImages(images: AsyncIterable<Image>, sign: SignImage) {
  for await (const image of images) yield renderImage(image, await sign(image));
}

/** Puts a heading before the first part, if there is one. */
async function* headed(heading: string, parts: AsyncIterable<string>) {
  let first = true;
  for await (const part of parts) {
    yield (first ? heading : "") + part;
    first = false;
  }
}

async function* renderLoose(db: ArchiveClient, chatId: string, sign: SignImage) {
  yield* renderImages(readLoose(db, "chat_images", chatId), sign);
  yield* renderHits(readLoose(db, "search_results", chatId), HITS_HEADING);
}

async function* renderChat(db: ArchiveClient, chat: Chat, facts: ExportFacts, sign: SignImage) {
  yield renderHeader(chat, facts);
  for await (const { message, images, hits } of readEntries(db, chat.id)) {
    yield renderMessage(message);
    yield* renderImages(images, sign);
    yield* renderHits(hits, HITS_HEADING);
  }
  yield* headed(LOOSE_HEADING, renderLoose(db, chat.id, sign));
}

async function* reporting(parts: AsyncIterable<string>, report: (error: unknown) => void) {
  try {
    yield* parts;
  } catch (error) {
    report(error);
    throw error;
  }
}

async function factsOf(
  { images }: ExportChatRequest,
  { db, store, settings, now }: ExportChatPorts,
  chat: Chat,
): Promise<ExportFacts> {
  const document = await readDocument(db, chat);
  const linked = images === "link" && store !== null;
  const expiresIn = settings.downloadExpiration;
  return {
    exportedAt: new Date(now()),
    ...(document ? { documentName: document.fileName } : {}),
    ...(linked ? { linksUntil: new Date(now() + expiresIn * 1000) } : {}),
    ...(linked && document
      ? { documentUrl: await store.presignGet({ ...document, expiresIn, disposition: "inline" }) }
      : {}),
    ...(linked ? {} : {
      imagesLeftOut: images === "none" ? "asked for without" : "object storage is switched off",
    }),
  };
}

/**
 * Streams a chat as Markdown. An error after the first byte aborts the stream, so that a cut file
 * never passes for a whole one; when the reader goes away, the work stops.
 *
 * @throws {ChatArchiveError} `not_found` for a chat that is not the caller's
 */
export async function exportChat(
  request: ExportChatRequest,
  ports: ExportChatPorts,
): Promise<Response> {
  const { db, store, settings } = ports;
  const chat = await readChat(db, request.chat_id);
  const facts = await factsOf(request, ports, chat);
  const sign: SignImage = async ({ s3_path, image_name, content_type }) =>
    facts.linksUntil && await store?.presignGet({
      key: s3_path,
      fileName: image_name,
      contentType: content_type,
      expiresIn: settings.downloadExpiration,
      disposition: "inline",
    });
  const body = ReadableStream.from(reporting(renderChat(db, chat, facts, sign), ports.onAbort))
    .pipeThrough(new TextEncoderStream());
  return new Response(body, {
    headers: {
      "content-type": "text/markdown; charset=utf-8",
      "content-disposition": contentDisposition("attachment", `${chat.title}.md`),
      "cache-control": "no-store",
    },
  });
}
