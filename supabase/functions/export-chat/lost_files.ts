import { chunked } from "@shared/async.ts";
import { referenceTo, replaceReferences } from "@shared/file_references.ts";
import type { Kind } from "@shared/object-keys.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Message } from "@shared/rows.ts";

/** Ids of one query: they stand in its address. */
const IDS = 100;

/** Those images that are there. */
async function findImages(db: ArchiveClient, ids: string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const some of chunked(ids, IDS)) {
    const rows = await query(() => db.from("chat_images").select("id").in("id", some));
    for (const { id } of rows) found.add(id);
  }
  return found;
}

/**
 * Messages, without references to files that have been deleted, which readers would take for a damaged
 * file: `chat-archive:image/<id>` becomes `chat-archive:missing/<id>`.
 *
 * @param documents ids of those that are there
 */
export async function* withoutLostFiles(
  db: ArchiveClient,
  pages: AsyncIterable<Message[]>,
  documents: Set<string>,
): AsyncGenerator<Message[]> {
  for await (const page of pages) {
    const named = { image: new Set<string>(), document: new Set<string>() };
    const note = (kind: Kind, id: string) => {
      named[kind].add(id);
      return referenceTo(kind, id);
    };
    for (const { parts } of page) replaceReferences(parts, note);
    const there = { image: await findImages(db, [...named.image]), document: documents };
    if (named.image.isSubsetOf(there.image) && named.document.isSubsetOf(there.document)) {
      yield page;
      continue;
    }
    const rename = (kind: Kind, id: string) =>
      there[kind].has(id) ? referenceTo(kind, id) : `chat-archive:missing/${id}`;
    yield page.map((message) => ({ ...message, parts: replaceReferences(message.parts, rename) }));
  }
}
