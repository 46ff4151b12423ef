import type { ArchiveClient, Image } from "@shared/rows.ts";
import { encoded } from "../_shared/byte_stream.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { ZipWriter } from "../_shared/zip_writer.ts";
import { readItems } from "./chat_reader.ts";
import { FileNames, linkTo } from "./file_names.ts";
import { type MissingFile, packFiles, type WantedFile } from "./files.ts";
import { renderJson } from "./json_export.ts";
import { renderChat } from "./markdown_export.ts";
import { exportedDocument, type Subject } from "./subject.ts";

/** What the bytes come from. */
export interface ZipPorts {
  db: ArchiveClient;
  /** Not asked where files are left out. */
  store: Pick<ObjectStore, "get" | "bytes"> | null;
}

function missingText(missing: MissingFile[], folder: string): string {
  const lines = missing.map(({ path, reason }) => `${path.slice(folder.length)}: ${reason}`);
  return ["These files could not be included in this export:", "", ...lines, ""].join("\n");
}

/** Paths of a chat's files in the zip: JSON, Markdown and bytes are three readings of the same rows. */
class ZipPaths {
  readonly document: string | undefined;
  #names = new FileNames();
  /** By image. */
  #images = new Map<string, string>();

  constructor(document: Subject["document"]) {
    this.document = document
      ? `document/${new FileNames().file(document.fileName, document.contentType, "document")}`
      : undefined;
  }

  /** Gives an image its path. */
  add({ id, image_name, content_type }: Image): string {
    const path = `images/${this.#names.file(image_name, content_type, "image")}`;
    this.#images.set(id, path);
    return path;
  }

  /** The path of an image; undefined where it was uploaded after the JSON had been written. */
  of(imageId: string): string | undefined {
    return this.#images.get(imageId);
  }

  /** The same, once. */
  take(imageId: string): string | undefined {
    const path = this.#images.get(imageId);
    this.#images.delete(imageId);
    return path;
  }

  /** Those of images that nobody took. */
  get left(): string[] {
    return [...this.#images.values()];
  }
}

/** The files of a chat, in the order of the zip. */
async function* wantedFiles(
  db: ArchiveClient,
  folder: string,
  { chat, document, exportedAt }: Subject,
  paths: ZipPaths,
): AsyncGenerator<WantedFile> {
  if (document && paths.document) {
    const size = document.upload?.file_size ?? Infinity;
    yield { key: document.key, path: folder + paths.document, size, modified: exportedAt };
  }
  if (paths.left.length === 0) return;
  for await (const page of readItems(db, "chat_images", chat.id, "all")) {
    for (const { item } of page) {
      const path = paths.take(item.id);
      if (path === undefined) continue;
      yield {
        key: item.s3_path,
        path: folder + path,
        size: item.file_size,
        modified: new Date(item.uploaded_at),
      };
    }
  }
}

/** Writes the texts of a chat, and gives its files their paths. @param included whether they follow */
async function* packTexts(
  zip: ZipWriter,
  folder: string,
  { chat, document, exportedAt, leftOut }: Subject,
  { db, paths, included }: { db: ArchiveClient; paths: ZipPaths; included: boolean },
): AsyncGenerator<Uint8Array> {
  const file = included ? paths.document : undefined;
  const head = {
    exportedAt,
    chat,
    document: exportedDocument(document, file ? { file } : {}),
  };
  const json = renderJson(db, head, (image) => {
    const file = paths.add(image);
    return included ? { file } : {};
  });
  yield* zip.stream(`${folder}chat.json`, encoded(json), exportedAt);

  const facts = {
    exportedAt,
    documents: document
      ? [{ name: document.fileName, ...(file ? { url: linkTo(file) } : {}) }]
      : [],
    ...(leftOut === undefined ? {} : { imagesLeftOut: leftOut }),
  };
  const markdown = renderChat(db, chat, facts, ({ id }) => {
    const path = paths.of(id);
    return included && path ? linkTo(path) : undefined;
  });
  yield* zip.stream(`${folder}chat.md`, encoded(markdown), exportedAt);
}

/**
 * Writes one chat into a zip: `chat.json`, `chat.md`, then the document and the images, then
 * `missing.txt` where something could not be had. The JSON comes first, because import-chat, which
 * reads from front to end, has to know the rows before the bytes.
 *
 * @param folder where in the zip; empty, or with `/` at its end
 */
export async function* packChat(
  zip: ZipWriter,
  folder: string,
  subject: Subject,
  { db, store }: ZipPorts,
): AsyncGenerator<Uint8Array> {
  const { document, exportedAt, leftOut } = subject;
  const included = leftOut === undefined && store !== null;
  const paths = new ZipPaths(document);
  yield* packTexts(zip, folder, subject, { db, paths, included });

  const missing: MissingFile[] = [];
  const miss = (path: string, reason: string) => missing.push({ path: folder + path, reason });
  if (included) {
    yield* packFiles(zip, store, wantedFiles(db, folder, subject, paths), missing);
    for (const path of paths.left) miss(path, "it was deleted meanwhile");
  } else if (leftOut !== undefined) {
    if (paths.document) miss(paths.document, leftOut);
    for (const path of paths.left) miss(path, leftOut);
  }
  if (missing.length > 0) {
    const text = new TextEncoder().encode(missingText(missing, folder));
    yield* zip.file(`${folder}missing.txt`, [text], exportedAt);
  }
}
