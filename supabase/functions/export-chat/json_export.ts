import { chunked } from "@shared/async.ts";
import { type ChatExport, EXPORT_VERSION } from "@shared/contracts/chat-export.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, ChatDocument, Image } from "@shared/rows.ts";
import type { ListedDocument } from "../_shared/documents.ts";
import { readItems, readMessages } from "./chat_reader.ts";
import { withoutLostFiles } from "./lost_files.ts";
import type { Subject } from "./subject.ts";

/** Documents whose metadata is read at a time: each may hold 64 KiB. */
const METADATA_ROWS = 16;

/** Where the bytes of a file are, for the reader of the JSON: a link, a path in the zip, nowhere. */
export type LocationOf = (row: Image | ListedDocument) => object | Promise<object>;

/** Renders an array's elements, each on a line of its own. */
async function* elements<T>(
  pages: AsyncIterable<T[]>,
  render: (row: T) => object | Promise<object>,
) {
  let lead = "[\n";
  for await (const page of pages) {
    for (const row of page) {
      const rendered = render(row);
      yield lead + JSON.stringify(rendered instanceof Promise ? await rendered : rendered);
      lead = ",\n";
    }
  }
  yield lead === "[\n" ? "[]" : "\n]";
}

/** Rows that belong to a message that came after the last one that was written are not of this export. */
async function* known<T extends { message_seq: number }>(
  pages: AsyncIterable<T[]>,
  last: () => number,
) {
  for await (const page of pages) yield page.filter(({ message_seq }) => message_seq <= last());
}

/** Documents with their metadata; empty where one was deleted meanwhile. */
async function* withMetadata(
  db: ArchiveClient,
  documents: ListedDocument[],
): AsyncGenerator<ChatDocument[]> {
  for (const some of chunked(documents, METADATA_ROWS)) {
    const ids = some.map(({ id }) => id);
    const rows = await query(() => db.from("chat_documents").select("id, metadata").in("id", ids));
    const metadata = new Map(rows.map((row) => [row.id, row.metadata]));
    yield some.map((document) => ({ ...document, metadata: metadata.get(document.id) ?? {} }));
  }
}

/** A chat as JSON ({@link ChatExport}), in small pieces. */
export async function* renderJson(
  db: ArchiveClient,
  { exportedAt, chat, documents }: Subject,
  locationOf: LocationOf,
): AsyncGenerator<string> {
  const head = {
    format: "chat-archive",
    version: EXPORT_VERSION,
    exported_at: exportedAt.toISOString(),
    chat: chat as ChatExport["chat"],
  } satisfies Partial<ChatExport>;
  const located = async <T extends Image | ChatDocument>(row: T) => ({
    ...row,
    ...await locationOf(row),
  });
  const ids = new Set(documents.map(({ id }) => id));
  /** A document that came after the others were written is not of this export. */
  const ofExport = <T extends { document_id: string | null }>(row: T): T =>
    row.document_id === null || ids.has(row.document_id) ? row : { ...row, document_id: null };

  yield `${JSON.stringify(head).slice(0, -1)},\n"documents":`;
  yield* elements(withMetadata(db, documents), located);
  yield ',\n"messages":';
  let last = 0;
  const messages = withoutLostFiles(db, readMessages(db, chat.id), ids);
  yield* elements(messages, (message) => {
    last = message.seq;
    return message;
  });
  yield ',\n"images":';
  yield* elements(
    known(readItems(db, "chat_images", chat.id, "all"), () => last),
    ({ item }) => located(ofExport(item)),
  );
  yield ',\n"search_results":';
  yield* elements(
    known(readItems(db, "search_results", chat.id, "all"), () => last),
    ({ item }) => ofExport(item),
  );
  yield "\n}\n";
}
