/**
 * Files of messages: their bytes go into the bucket, and parts name them.
 *
 * @module
 */
import { ChatArchiveError } from "../../errors.ts";
import { referenceTo, replaceReferences } from "../../file_references.ts";
import { EXTENSION_OF, type Kind } from "../../object-keys.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import type { NewMessage } from "../add_messages.ts";
import { sha256Of } from "../sha256.ts";
import { derivedId } from "./derived_id.ts";
import { type Path, storedText } from "./stored_json.ts";
import { codeOf } from "./code_of.ts";
import { type FileOfPart, filesOf, namedIn } from "./file_names.ts";
import type { JsonPart, UIMessage } from "./ui_message.ts";

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
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const ESCAPED_BYTE = /%([0-9a-f]{2})/gi;

/** Where parts were stored, so that a list that is saved again and again does not send its files again. */
const known = new WeakMap<object, { chat_id: string; value: string; stored: string }>();

const typeOf = ({ mediaType, mimeType }: JsonPart) => String(mediaType ?? mimeType ?? "");

/** The file as a URL that says its type. */
function urlOf({ part, field, value }: FileOfPart): string {
  if (DATA.test(value)) return value.replace(/^data:(?=[;,])/i, `data:${typeOf(part)}`);
  return field === "data" && !SCHEME.test(value) ? `data:${typeOf(part)};base64,${value}` : value;
}

/** A file without its bytes. */
const withoutBytes = (file: FileOfPart) =>
  `data:${DATA.exec(urlOf(file))?.[1] || typeOf(file.part) || "application/octet-stream"};base64,`;

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

/**
 * Whether the id of an upload was used up: by a file that was deleted since, or by another file. The
 * error of a chat or message that is gone does not name the file.
 */
function isUsedUp(error: unknown): boolean {
  const code = codeOf(error);
  const of = code === "not_found" && (error as ChatArchiveError).details?.[0]?.path[0];
  return code === "conflict" || of === "images" || of === "document";
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
      if (!isUsedUp(error) || attempt + 1 === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The bytes of a data URL, or of a file that another chat of the caller has. */
async function contentOf(
  archive: FileVerbs,
  url: string,
  { chat_id, signal }: Place,
): Promise<{ content: Blob; name?: string | undefined } | { reference: string } | undefined> {
  if (DATA.test(url)) {
    const type = DATA.exec(url)![1]!.toLowerCase();
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
async function storedUrl(archive: FileVerbs, file: FileOfPart, place: Place): Promise<string> {
  const url = urlOf(file);
  if (url.startsWith("chat-archive:")) {
    // What loadChat gave where nothing could be signed.
    return replaceReferences(url, () => "") === "" ? url : storedText(url);
  }
  const found = await contentOf(archive, url, place);
  if (!found) return storedText(file.value);
  if ("reference" in found) return found.reference;
  const { filename: given } = file.part;
  const filename = typeof given === "string" ? given : undefined;
  return await upload(archive, place, found.content, filename ?? found.name);
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
  for (const file of filesOf(row.parts!, message.parts, [...path, "parts"])) {
    const { part, field, value, original } = file;
    const before = known.get(original);
    if (!again && before?.chat_id === chat_id && before.value === value) {
      part[field] = before.stored;
      continue;
    }
    try {
      const stored = await storedUrl(archive, file, place);
      if (stored.length > MAX_INLINE) {
        throw new ChatArchiveError("unsupported_media_type", "too large to stay in its message");
      }
      part[field] = stored;
      known.set(original, { chat_id, value, stored });
    } catch (error) {
      if (codeOf(error) === "unsupported_media_type" && value.length <= MAX_INLINE) {
        part[field] = storedText(value);
      } else if (error instanceof ChatArchiveError) {
        part[field] = withoutBytes(file);
        failures.push({ path: file.path, error });
      } else throw error;
    }
  }
  return failures;
}

/** Takes the names of files that are gone out of rows: nothing may begin to name them. */
export async function forgetLostFiles(
  archive: FileVerbs,
  rows: NewMessage[],
  { signal }: CallOptions,
): Promise<void> {
  const ids = [...namedIn(rows.map(({ parts }) => parts ?? []))];
  if (ids.length === 0) return;
  const { missing } = await archive.downloadUrls({ ids, signal }).catch((error) => {
    if (codeOf(error) !== "not_found") throw error;
    return { missing: ids };
  });
  for (const row of rows) {
    for (const file of filesOf(row.parts ?? [], row.parts ?? [], [])) {
      const isMissing = missing.some((id) => namedIn(file.value).has(id));
      if (isMissing) file.part[file.field] = withoutBytes(file);
    }
  }
}
