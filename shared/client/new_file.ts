import type { Kind } from "../object-keys.ts";
import { contentTypeOf } from "./content_type.ts";
import { given, idOf } from "./given.ts";
import type { Upload } from "./upload_files.ts";

/** Bytes of a file. A `File` of a browser is a Blob. */
export type Content = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** A file to upload. */
export interface NewFile {
  /** Becomes the id of the row. Give one to be able to repeat a call that failed. */
  id?: string;
  /** Real file name, any characters; by default that of the File. */
  name?: string;
  content: Content;
  /** Media type; by default that of the Blob, else what the first bytes say, else the name. */
  content_type?: string;
  /** SHA-256 of the content in lower-case hex, where it is known; it is computed otherwise. */
  sha256?: string;
}

/**
 * A file with what presign-upload wants to know of it.
 *
 * @param path of the file in the input, for errors
 * @throws {ChatArchiveError} `unsupported_media_type` where nothing tells its type
 */
export async function uploadOf<File extends NewFile>(
  { id: chosen, content, ...facts }: File,
  kind: Kind,
  path: (string | number)[],
): Promise<Upload> {
  const id = idOf(chosen);
  const bytes = content instanceof Blob ? content : new Blob([content]);
  const name = facts.name ?? ("name" in bytes ? String(bytes.name) : id);
  const said = facts.content_type ?? bytes.type;
  const content_type = await contentTypeOf({ said, name, body: bytes, kind, path });
  // Of the signed type: browsers would send the Blob's own.
  const body = bytes.type === content_type ? bytes : new Blob([bytes], { type: content_type });
  return given({ ...facts, id, kind, name, content_type, size: body.size, body });
}
