import type { ArchiveClient, Image } from "@shared/rows.ts";
import type { ListedDocument } from "../_shared/documents.ts";
import { encoded } from "../_shared/byte_stream.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { ZipWriter } from "../_shared/zip_writer.ts";
import { readItems } from "./chat_reader.ts";
import { FileNames, linkTo } from "./file_names.ts";
import { type MissingFile, packFiles, type WantedFile } from "./files.ts";
import { renderJson } from "./json_export.ts";
import { renderChat } from "./markdown_export.ts";
import { fileOf, type Subject } from "./subject.ts";

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

/** Names of the files in one folder of the zip. */
class Folder {
  #names = new FileNames();
  #path: string;
  #fallback: string;

  /** @param fallback name of a file whose own name can't be used */
  constructor(path: string, fallback: string) {
    this.#path = path;
    this.#fallback = fallback;
  }

  pathOf(row: Image | ListedDocument): string {
    const { fileName, contentType } = fileOf(row);
    return this.#path + this.#names.file(fileName, contentType, this.#fallback);
  }
}

/** Paths of a chat's files in the zip: JSON, Markdown and bytes are three readings of the same rows. */
class ZipPaths {
  #images = new Folder("images/", "image");
  #documents = new Folder("documents/", "document");
  /** By id of the row. */
  #paths = new Map<string, string>();

  /** Gives a file its path. */
  add(row: Image | ListedDocument): string {
    const path = ("name" in row ? this.#documents : this.#images).pathOf(row);
    this.#paths.set(row.id, path);
    return path;
  }

  /** The path of a file; undefined where it was uploaded after the JSON had been written. */
  of({ id }: Image | ListedDocument): string | undefined {
    return this.#paths.get(id);
  }

  /** The same, once. */
  take(row: Image | ListedDocument): string | undefined {
    const path = this.of(row);
    this.#paths.delete(row.id);
    return path;
  }

  /** Those that nobody took. */
  get left(): string[] {
    return [...this.#paths.values()];
  }
}

/** The files of a chat, in the order of the zip. */
async function* wantedFiles(
  db: ArchiveClient,
  folder: string,
  { chat, documents }: Subject,
  paths: ZipPaths,
): AsyncGenerator<WantedFile> {
  const wanted = function* (row: Image | ListedDocument): Generator<WantedFile> {
    const path = paths.take(row);
    if (path === undefined) return;
    yield {
      key: row.s3_path,
      path: folder + path,
      size: row.file_size,
      modified: new Date(row.uploaded_at),
    };
  };
  for (const document of documents) yield* wanted(document);
  if (paths.left.length === 0) return;
  for await (const page of readItems(db, "chat_images", chat.id, "all")) {
    for (const { item } of page) yield* wanted(item);
  }
}

/** Writes the texts of a chat, and gives its files their paths. @param included whether they follow */
async function* packTexts(
  zip: ZipWriter,
  folder: string,
  subject: Subject,
  { db, paths, included }: { db: ArchiveClient; paths: ZipPaths; included: boolean },
): AsyncGenerator<Uint8Array> {
  const json = renderJson(db, subject, (row) => {
    const file = paths.add(row);
    return included ? { file } : {};
  });
  yield* zip.stream(`${folder}chat.json`, encoded(json), subject.exportedAt);

  const markdown = renderChat(db, subject, {
    addressOf: (row) => {
      const path = paths.of(row);
      return included && path ? linkTo(path) : undefined;
    },
  });
  yield* zip.stream(`${folder}chat.md`, encoded(markdown), subject.exportedAt);
}

/**
 * Writes one chat into a zip: `chat.json`, `chat.md`, then the documents and the images, then
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
  const { exportedAt, leftOut } = subject;
  const included = leftOut === undefined && store !== null;
  const paths = new ZipPaths();
  yield* packTexts(zip, folder, subject, { db, paths, included });

  const missing: MissingFile[] = [];
  const miss = (path: string, reason: string) => missing.push({ path: folder + path, reason });
  if (included) {
    yield* packFiles(zip, store, wantedFiles(db, folder, subject, paths), missing);
    for (const path of paths.left) miss(path, "it was deleted meanwhile");
  } else if (leftOut !== undefined) {
    for (const path of paths.left) miss(path, leftOut);
  }
  if (missing.length > 0) {
    const text = new TextEncoder().encode(missingText(missing, folder));
    yield* zip.file(`${folder}missing.txt`, [text], exportedAt);
  }
}
