import type { Image } from "@shared/rows.ts";
import { encoded } from "../_shared/byte_stream.ts";
import type { ArchiveClient } from "@shared/rows.ts";
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
  { chat, document, exportedAt, leftOut }: Subject,
  { db, store }: ZipPorts,
): AsyncGenerator<Uint8Array> {
  const included = leftOut === undefined && store !== null;
  const names = new FileNames();
  /** Path of each image by its id: JSON, Markdown and bytes are three readings of the same rows. */
  const paths = new Map<string, string>();
  const missing: MissingFile[] = [];
  const nameOf = ({ id, image_name, content_type }: Image) => {
    const path = `images/${names.file(image_name, content_type, "image")}`;
    paths.set(id, path);
    return path;
  };
  const documentFile = document &&
    `document/${new FileNames().file(document.fileName, document.contentType, "document")}`;

  const head = {
    exportedAt,
    chat,
    document: exportedDocument(document, included && documentFile ? { file: documentFile } : {}),
  };
  const json = renderJson(db, head, (image) => {
    const file = nameOf(image);
    return included ? { file } : {};
  });
  yield* zip.stream(`${folder}chat.json`, encoded(json), exportedAt);

  const facts = {
    exportedAt,
    documents: document
      ? [{
        name: document.fileName,
        ...(included && documentFile ? { url: linkTo(documentFile) } : {}),
      }]
      : [],
    ...(leftOut === undefined ? {} : { imagesLeftOut: leftOut }),
  };
  const markdown = renderChat(db, chat, facts, ({ id }) => {
    const path = paths.get(id);
    return included && path ? linkTo(path) : undefined;
  });
  yield* zip.stream(`${folder}chat.md`, encoded(markdown), exportedAt);

  async function* wanted(): AsyncGenerator<WantedFile> {
    if (document && documentFile) {
      const size = document.upload?.file_size ?? Infinity;
      yield { key: document.key, path: folder + documentFile, size, modified: exportedAt };
    }
    if (paths.size === 0) return;
    for await (const page of readItems(db, "chat_images", chat.id, "all")) {
      for (const { item } of page) {
        const path = paths.get(item.id);
        // Not one that was uploaded meanwhile: the JSON does not know it.
        if (path === undefined) continue;
        paths.delete(item.id);
        yield {
          key: item.s3_path,
          path: folder + path,
          size: item.file_size,
          modified: new Date(item.uploaded_at),
        };
      }
    }
  }
  if (included) {
    yield* packFiles(zip, store, wanted(), missing);
    for (const path of paths.values()) {
      missing.push({ path: folder + path, reason: "it was deleted meanwhile" });
    }
  } else if (leftOut !== undefined) {
    if (documentFile) missing.push({ path: folder + documentFile, reason: leftOut });
    for (const path of paths.values()) missing.push({ path: folder + path, reason: leftOut });
  }
  if (missing.length > 0) {
    const text = new TextEncoder().encode(missingText(missing, folder));
    yield* zip.file(`${folder}missing.txt`, [text], exportedAt);
  }
}
