import {
  BETWEEN_SEARCH_RESULTS,
  type ExportFacts,
  LOOSE_HEADING,
  renderHeader,
  renderImage,
  renderMessage,
  renderSearchResult,
  SOURCES_HEADING,
} from "@shared/markdown/render.ts";
import type { ArchiveClient, Chat, Image, SearchResult } from "@shared/rows.ts";
import { Attached, readItems, readMessages } from "./chat_reader.ts";

/** Address of an image: signed, or its path in a zip. Undefined: it is named only. */
export type Address = (image: Image) => string | undefined | Promise<string | undefined>;

/** Reads what belongs to a message, to its end. */
async function* rest<T>(first: T | undefined, next: () => T | undefined | Promise<T | undefined>) {
  for (let item = first; item !== undefined; item = await next()) yield item;
}

async function* renderImages(images: AsyncIterable<Image>, address: Address) {
  for await (const image of images) yield renderImage(image, await address(image));
}

async function* renderSearchResults(results: AsyncIterable<SearchResult>) {
  let lead = SOURCES_HEADING;
  for await (const result of results) {
    yield lead + renderSearchResult(result);
    lead = BETWEEN_SEARCH_RESULTS;
  }
}

async function* rows<T>(pages: AsyncIterable<{ item: T }[]>) {
  for await (const page of pages) for (const { item } of page) yield item;
}

async function* renderLoose(db: ArchiveClient, chatId: string, address: Address) {
  yield* renderImages(rows(readItems(db, "chat_images", chatId, "loose")), address);
  yield* renderSearchResults(rows(readItems(db, "search_results", chatId, "loose")));
}

/** A chat as Markdown, in small pieces. */
export async function* renderChat(
  db: ArchiveClient,
  chat: Chat,
  facts: ExportFacts,
  address: Address,
): AsyncGenerator<string> {
  yield renderHeader(chat, facts);
  const images = new Attached<Image>(readItems(db, "chat_images", chat.id, "attached"));
  const results = new Attached<SearchResult>(readItems(db, "search_results", chat.id, "attached"));
  for await (const page of readMessages(db, chat.id)) {
    for (const message of page) {
      yield renderMessage(message);
      // Most messages have neither, and then nothing has to be waited for.
      let image = images.next(message);
      if (image instanceof Promise) image = await image;
      if (image) yield* renderImages(rest(image, () => images.next(message)), address);
      let result = results.next(message);
      if (result instanceof Promise) result = await result;
      if (result) yield* renderSearchResults(rest(result, () => results.next(message)));
    }
  }
  let heading = LOOSE_HEADING;
  for await (const part of renderLoose(db, chat.id, address)) {
    yield heading + part;
    heading = "";
  }
}
