import {
  type ChatExport,
  EXPORT_VERSION,
  type ExportedDocument,
} from "@shared/contracts/chat-export.ts";
import type { ArchiveClient, Chat, Image } from "@shared/rows.ts";
import { readItems, readMessages } from "./chat_reader.ts";

/** Where the bytes of an image are, for the reader of the file: a link, a path in the zip, nowhere. */
export type LocationOf = (image: Image) => object | Promise<object>;

/** What stands before the rows. */
export interface JsonHead {
  exportedAt: Date;
  chat: Chat;
  document: ExportedDocument | null;
}

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

/** A chat as JSON ({@link ChatExport}), in small pieces. */
export async function* renderJson(
  db: ArchiveClient,
  { exportedAt, chat, document }: JsonHead,
  locationOf: LocationOf,
): AsyncGenerator<string> {
  const head = {
    format: "chat-archive",
    version: EXPORT_VERSION,
    exported_at: exportedAt.toISOString(),
    chat: chat as ChatExport["chat"],
    document,
  } satisfies Partial<ChatExport>;
  yield `${JSON.stringify(head).slice(0, -1)},\n"messages":`;
  let last = 0;
  yield* elements(readMessages(db, chat.id), (message) => {
    last = message.seq;
    return message;
  });
  yield ',\n"images":';
  yield* elements(
    known(readItems(db, "chat_images", chat.id, "all"), () => last),
    async ({ item }) => ({ ...item, ...await locationOf(item) }),
  );
  yield ',\n"search_results":';
  yield* elements(
    known(readItems(db, "search_results", chat.id, "all"), () => last),
    ({ item }) => item,
  );
  yield "\n}\n";
}
