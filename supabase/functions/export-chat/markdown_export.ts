import {
  BETWEEN_SEARCH_RESULTS,
  type ExportFacts,
  LOOSE_HEADING,
  type Origin,
  renderHeader,
  renderImage,
  renderMessage,
  renderSearchResult,
  SOURCES_HEADING,
} from "@shared/markdown/render.ts";
import type { ArchiveClient, Image, SearchResult } from "@shared/rows.ts";
import type { ListedDocument } from "../_shared/documents.ts";
import { Attached, readItems, readMessages } from "./chat_reader.ts";
import type { Subject } from "./subject.ts";

/** How files are shown. */
export interface Shown {
  /** When addresses stop working, where they do. */
  linksUntil?: Date;
  /** Address of a file: signed, or its path in a zip. Undefined: it is named only. */
  addressOf(row: Image | ListedDocument): string | undefined | Promise<string | undefined>;
}

/** Writes images and search results, each with the page and document that it comes from. */
class ItemWriter {
  #shown: Shown;
  /** Real names by id; none where the chat has one document, which everything is from. */
  #names: Map<string, string>;

  constructor(documents: ListedDocument[], shown: Shown) {
    this.#shown = shown;
    this.#names = new Map(
      documents.length > 1 ? documents.map(({ id, name }) => [id, name]) : [],
    );
  }

  #originOf({ document_id, page_number }: Image | SearchResult): Origin {
    return {
      documentName: this.#names.get(document_id ?? ""),
      pageNumber: page_number ?? undefined,
    };
  }

  async *images(images: AsyncIterable<Image>) {
    for await (const image of images) {
      yield renderImage(image, await this.#shown.addressOf(image), this.#originOf(image));
    }
  }

  async *searchResults(results: AsyncIterable<SearchResult>) {
    let lead = SOURCES_HEADING;
    for await (const result of results) {
      yield lead + renderSearchResult(result, this.#originOf(result));
      lead = BETWEEN_SEARCH_RESULTS;
    }
  }
}

/** Reads what belongs to a message, to its end. */
async function* rest<T>(first: T | undefined, next: () => T | undefined | Promise<T | undefined>) {
  for (let item = first; item !== undefined; item = await next()) yield item;
}

async function* rows<T>(pages: AsyncIterable<{ item: T }[]>) {
  for await (const page of pages) for (const { item } of page) yield item;
}

async function* renderLoose(db: ArchiveClient, chatId: string, write: ItemWriter) {
  yield* write.images(rows(readItems(db, "chat_images", chatId, "loose")));
  yield* write.searchResults(rows(readItems(db, "search_results", chatId, "loose")));
}

async function factsOf(subject: Subject, { linksUntil, addressOf }: Shown): Promise<ExportFacts> {
  const { documents, exportedAt, leftOut } = subject;
  const listed: { name: string; url?: string }[] = [];
  for (const document of documents) {
    const url = await addressOf(document);
    listed.push({ name: document.name, ...(url === undefined ? {} : { url }) });
  }
  return {
    exportedAt,
    documents: listed,
    ...(linksUntil ? { linksUntil } : {}),
    ...(leftOut === undefined ? {} : { imagesLeftOut: leftOut }),
  };
}

/** A chat as Markdown, in small pieces. */
export async function* renderChat(
  db: ArchiveClient,
  subject: Subject,
  shown: Shown,
): AsyncGenerator<string> {
  const { chat, documents } = subject;
  const write = new ItemWriter(documents, shown);
  yield renderHeader(chat, await factsOf(subject, shown));
  const images = new Attached<Image>(readItems(db, "chat_images", chat.id, "attached"));
  const results = new Attached<SearchResult>(readItems(db, "search_results", chat.id, "attached"));
  for await (const page of readMessages(db, chat.id)) {
    for (const message of page) {
      yield renderMessage(message);
      // Most messages have neither, and then nothing has to be waited for.
      let image = images.next(message);
      if (image instanceof Promise) image = await image;
      if (image) yield* write.images(rest(image, () => images.next(message)));
      let result = results.next(message);
      if (result instanceof Promise) result = await result;
      if (result) yield* write.searchResults(rest(result, () => results.next(message)));
    }
  }
  let heading = LOOSE_HEADING;
  for await (const part of renderLoose(db, chat.id, write)) {
    yield heading + part;
    heading = "";
  }
}
