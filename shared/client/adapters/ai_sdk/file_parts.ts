/**
 * Files of messages: their bytes go into the bucket, and parts name them.
 *
 * @module
 */
import type { Json } from "../../../database.types.ts";
import { ChatArchiveError, type ErrorCode } from "../../../errors.ts";
import { referenceTo, replaceReferences } from "../../../file_references.ts";
import { EXTENSION_OF, type Kind } from "../../../object-keys.ts";
import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { CallOptions } from "../../connection.ts";
import type { NewMessage } from "../../add_messages.ts";
import { sha256Of } from "../../sha256.ts";
import { derivedId } from "../framework_ids.ts";
import { type Path, storedText } from "../stored_json.ts";
import { type FilePart, isFilePart, partsWithin, type UIMessage } from "./ui_message.ts";

/** What is needed for files. */
export type FileVerbs = Pick<
  ArchiveVerbs,
  "uploadImages" | "uploadDocument" | "downloadUrls" | "download"
>;

/** Characters of a data URL that stays in the message where the archive takes no files of its type. */
const MAX_INLINE = 256 * 1024;
/** Uploads of one file: each time a message comes back that was deleted, it needs another id. */
const MAX_ATTEMPTS = 8;

/** A signed URL, by the key of its object. */
const SIGNED =
  /\/([0-9a-f-]{36})\/(image|document)s\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-[^/]*\?.*X-Amz-Signature=/;
const DATA = /^data:([^,;]*)([^,]*),/;
const ESCAPED_BYTE = /%([0-9a-f]{2})/gi;

/** Where parts were stored, so that a list that is saved again and again does not send its files again. */
const known = new WeakMap<object, { chat_id: string; url: string; stored: string }>();

/** A file that could not be kept, and which one. */
export interface Failure {
  path: Path;
  error: ChatArchiveError;
}

interface Place extends CallOptions {
  chat_id: string;
  /** Id of the message's row. */
  message_id: string;
}

function kindOf(type: string): Kind | undefined {
  if (!Object.hasOwn(EXTENSION_OF, type)) return undefined;
  return type.startsWith("image/") ? "image" : "document";
}

const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof ChatArchiveError ? error.code : undefined;

/**
 * The bytes of a data URL (RFC 2397). Not by fetch, which a page's content security policy may forbid.
 *
 * @throws {ChatArchiveError} `invalid_request` where it is broken
 */
function bytesOf(url: string): Uint8Array<ArrayBuffer> {
  const [head, , parameters] = DATA.exec(url)!;
  const data = url.slice(head.length)
    .replace(ESCAPED_BYTE, (_, byte) => String.fromCharCode(parseInt(byte, 16)));
  let binary: string;
  try {
    binary = /;base64$/i.test(parameters!) ? atob(data) : data;
  } catch (cause) {
    throw new ChatArchiveError("invalid_request", "its data URL is no base64", { cause });
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Uploads a file. @returns its reference */
async function upload(
  archive: FileVerbs,
  { chat_id, message_id, signal }: Place,
  content: Blob,
  name: string | undefined,
): Promise<string> {
  const kind = kindOf(content.type)!;
  const sha256 = await sha256Of(content, { signal });
  const send = async (attempt: number) => {
    const id = await derivedId("file", chat_id, message_id, sha256, String(attempt));
    const file = {
      id,
      name: name?.trim() || `${kind}.${EXTENSION_OF[content.type as keyof typeof EXTENSION_OF]}`,
      content,
      content_type: content.type,
      sha256,
    };
    if (kind === "image") await archive.uploadImages({ chat_id, images: [file], signal });
    else await archive.uploadDocument({ chat_id, document: file, signal });
    return referenceTo(kind, id);
  };
  for (let attempt = 0;; attempt++) {
    try {
      return await send(attempt);
    } catch (error) {
      // The id of a file that was deleted is never given again.
      if (codeOf(error) !== "conflict" || attempt + 1 === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The bytes of a data URL, or of a file that another chat of the caller has. */
async function contentOf(
  archive: FileVerbs,
  { url, mediaType }: FilePart,
  { chat_id, signal }: Place,
): Promise<{ content: Blob; name?: string | undefined } | { reference: string } | undefined> {
  if (DATA.test(url)) {
    const type = (DATA.exec(url)![1] || String(mediaType)).toLowerCase();
    if (!kindOf(type)) return undefined;
    const bytes = bytesOf(url);
    return bytes.length === 0 ? undefined : { content: new Blob([bytes], { type }) };
  }
  const [, chat, kind, id] = SIGNED.exec(url) ?? [];
  if (id === undefined) return undefined;
  if (chat === chat_id) return { reference: referenceTo(kind as Kind, id) };
  try {
    const { name, content_type, body } = await archive.download({ id, signal });
    return { content: new Blob([await new Response(body).blob()], { type: content_type }), name };
  } catch (error) {
    // Somebody else's URL is a URL like any other.
    if (codeOf(error) === "not_found") return undefined;
    throw error;
  }
}

/** What stands in a row for a file's URL. */
async function storedUrl(archive: FileVerbs, part: FilePart, place: Place): Promise<string> {
  const { url } = part;
  if (url.startsWith("chat-archive:")) {
    // What loadChat gave where nothing could be signed.
    return replaceReferences(url, () => "") === "" ? url : storedText(url);
  }
  const found = await contentOf(archive, part, place);
  if (!found) return storedText(url);
  if ("reference" in found) return found.reference;
  const filename = typeof part.filename === "string" ? part.filename : undefined;
  return await upload(archive, place, found.content, filename ?? found.name);
}

/** A file without its bytes. */
const withoutBytes = (part: FilePart) =>
  `data:${DATA.exec(part.url)?.[1] || String(part.mediaType)};base64,`;

/** Files of parts, each with the part as the caller has it. */
function* filesOf(copies: unknown[], originals: unknown[], path: Path): Generator<
  { part: FilePart; original: object; path: Path }
> {
  for (const [index, part] of copies.entries()) {
    const original = originals[index] as object;
    const own = [...path, index];
    if (isFilePart(part)) yield { part, original, path: own };
    yield* filesOf(partsWithin(part), partsWithin(original), [...own, "parts"]);
  }
}

/**
 * Puts the files of a message into the archive, and references in place of their URLs. A file that
 * can't be kept leaves an empty one of its type.
 *
 * @param row     is changed
 * @param message from which it was made
 * @param path    of the message, for errors
 * @returns what could not be kept
 */
export async function keepFiles(
  archive: FileVerbs,
  { row, message, path, chat_id, again, signal }: {
    row: NewMessage & { id: string };
    message: UIMessage;
    path: Path;
    chat_id: string;
    /** Whether to look at each file again, also one that was stored by an earlier call. */
    again: boolean;
  } & CallOptions,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const place = { chat_id, message_id: row.id, signal };
  for (
    const { part, original, path: own } of filesOf(row.parts!, message.parts, [...path, "parts"])
  ) {
    const { url } = part;
    const before = known.get(original);
    if (!again && before?.chat_id === chat_id && before.url === url) {
      part.url = before.stored;
      continue;
    }
    try {
      part.url = await storedUrl(archive, part, place);
      if (part.url.length > MAX_INLINE) {
        throw new ChatArchiveError("unsupported_media_type", "too large to stay in its message");
      }
      known.set(original, { chat_id, url, stored: part.url });
    } catch (error) {
      if (codeOf(error) === "unsupported_media_type" && url.length <= MAX_INLINE) {
        part.url = storedText(url);
      } else if (error instanceof ChatArchiveError) {
        part.url = withoutBytes({ ...part, url });
        failures.push({ path: own, error });
      } else throw error;
    }
  }
  return failures;
}

/** Ids of files that parts name. */
function namedIn(parts: Json): Set<string> {
  const ids = new Set<string>();
  replaceReferences(parts, (kind, id) => {
    ids.add(id);
    return referenceTo(kind, id);
  });
  return ids;
}

/** Takes the names of files that are gone out of rows: nothing may begin to name them. */
export async function forgetLostFiles(
  archive: FileVerbs,
  rows: NewMessage[],
  { signal }: CallOptions,
): Promise<void> {
  const ids = [...namedIn(rows.map(({ parts }) => parts ?? []))];
  const missing = new Set<string>();
  if (ids.length > 0) {
    try {
      for (const id of (await archive.downloadUrls({ ids, signal })).missing) missing.add(id);
    } catch (error) {
      if (codeOf(error) !== "not_found") throw error;
      for (const id of ids) missing.add(id);
    }
  }
  for (const row of rows) {
    for (const { part } of filesOf(row.parts ?? [], row.parts ?? [], [])) {
      if ([...namedIn(part.url)].some((id) => missing.has(id))) part.url = withoutBytes(part);
    }
  }
}

/** What means that nothing can be signed now: a message without its images is better than none. */
const UNSIGNED = new Set<ErrorCode | undefined>([
  "not_found",
  "storage_disabled",
  "storage_unavailable",
  "database_unavailable",
]);

/**
 * Signs the URLs of files. A file that is gone, or can't be signed now, keeps its reference, which is
 * saved again as what it is.
 *
 * @param messages are changed
 */
export async function signFiles(
  archive: Pick<FileVerbs, "downloadUrls">,
  messages: UIMessage[],
  { signal }: CallOptions,
): Promise<void> {
  const files = messages.flatMap(({ parts }) => [...filesOf(parts, parts, [])])
    .map(({ part }) => ({ part, ids: [...namedIn(part.url)] }))
    .filter(({ ids }) => ids.length > 0);
  if (files.length === 0) return;
  try {
    const ids = [...new Set(files.flatMap(({ ids }) => ids))];
    const { downloads } = await archive.downloadUrls({ ids, signal });
    const urls = new Map(downloads.map(({ id, url }) => [id, url]));
    for (const { part, ids: [id] } of files) part.url = urls.get(id!) ?? part.url;
  } catch (error) {
    if (!UNSIGNED.has(codeOf(error))) throw error;
  }
}
