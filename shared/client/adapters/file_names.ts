/**
 * Files of messages, as rows name them.
 *
 * @module
 */
import type { Json } from "../../database.types.ts";
import type { ErrorCode } from "../../errors.ts";
import { referenceTo, replaceReferences } from "../../file_references.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import { codeOf } from "./code_of.ts";
import type { Path } from "./stored_json.ts";
import { fileFieldOf, type JsonPart, partsWithin, type UIMessage } from "./ui_message.ts";

/** A file of a part: by a URL, or as base64. */
export interface FileOfPart {
  part: JsonPart;
  field: string;
  value: string;
  /** The part as the caller has it. */
  original: object;
  path: Path;
}

/** Files of parts. */
export function* filesOf(
  copies: unknown[],
  originals: unknown[],
  path: Path,
): Generator<FileOfPart> {
  for (const [index, part] of (copies as JsonPart[]).entries()) {
    const original = originals[index] as object;
    const own = [...path, index];
    const field = fileFieldOf(part);
    if (field) yield { part, field, value: String(part[field]), original, path: own };
    yield* filesOf(partsWithin(part), partsWithin(original), [...own, "parts"]);
  }
}

/** Ids of files that parts name. */
export function namedIn(parts: Json): Set<string> {
  const ids = new Set<string>();
  replaceReferences(parts, (kind, id) => {
    ids.add(id);
    return referenceTo(kind, id);
  });
  return ids;
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
  archive: Pick<ArchiveVerbs, "downloadUrls">,
  messages: UIMessage[],
  { signal }: CallOptions,
): Promise<void> {
  const files = messages.flatMap(({ parts }) => [...filesOf(parts, parts, [])])
    .map((file) => ({ ...file, ids: [...namedIn(file.value)] }))
    .filter(({ ids }) => ids.length > 0);
  if (files.length === 0) return;
  try {
    const ids = [...new Set(files.flatMap(({ ids }) => ids))];
    const { downloads } = await archive.downloadUrls({ ids, signal });
    const urls = new Map(downloads.map(({ id, url }) => [id, url]));
    for (const { part, field, value, ids: [id] } of files) part[field] = urls.get(id!) ?? value;
  } catch (error) {
    if (!UNSIGNED.has(codeOf(error))) throw error;
  }
}
