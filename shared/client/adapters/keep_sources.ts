/**
 * Sources with a page, as search results: with their box they can be drawn on the page.
 *
 * @module
 */
import { storableText } from "../../storable.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { NewSearchResult } from "../add_search_results.ts";
import type { CallOptions } from "../connection.ts";
import type { Boxes } from "../boxes.ts";
import { derivedId } from "./derived_id.ts";
import { isUuid } from "./framework_ids.ts";
import type { UIMessage } from "./ui_message.ts";

/** Characters of block_id, and of block_text, which is bounded in bytes: none takes more than four. */
const MAX_BLOCK_ID = 255;
const MAX_BLOCK_TEXT = 16 * 1024;
/** The largest page number that the column takes. */
const MAX_PAGE = 2 ** 31 - 1;

/** Sources that are stored: a list that is saved again and again does not send them again. */
const known = new WeakMap<object, string>();

/** Sources of the AI SDK, and of assistant-ui. */
const SOURCES = new Set<unknown>(["source-document", "source-url", "source"]);

type Facts = { [name: string]: unknown };

const isFacts = (value: unknown): value is Facts =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Coordinates that the database takes, or null. */
function boxesOrNull(value: unknown, most: number): Boxes | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const boxes: unknown[] = typeof value[0] === "number" ? [value] : value;
  const isBox = (box: unknown) =>
    Array.isArray(box) && box.length === 4 &&
    box.every((n) => typeof n === "number" && n >= 0 && n <= most);
  return boxes.every(isBox) ? value as Boxes : null;
}

/**
 * What a source tells of its place in a document, under any provider's name in its metadata: the
 * columns of search_results, of which page_number must be there; or the citation of a page by Anthropic.
 */
function placeOf(part: Facts): Facts | undefined {
  if (!SOURCES.has(part.type)) return undefined;
  const providers = isFacts(part.providerMetadata) ? Object.values(part.providerMetadata) : [];
  return providers.filter(isFacts)
    .map(({ startPageNumber, citedText, ...facts }) => ({
      page_number: startPageNumber,
      block_text: citedText,
      ...facts,
    } as Facts))
    .find(({ page_number: page }) =>
      Number.isInteger(page) && Number(page) >= 1 && Number(page) <= MAX_PAGE
    );
}

/** The search result of a source; undefined where it names no page, or is one that is stored already. */
export function searchResultOf(part: object): NewSearchResult | undefined {
  const place = placeOf(part as Facts);
  if (!place || place.search_result_id !== undefined) return undefined;
  const { page_number, block_id, block_text, score, document_id, coords_norm, coords_px } = place;
  const name = typeof block_id === "string"
    ? block_id
    : String((part as Facts).sourceId ?? (part as Facts).id);
  return {
    page_number: page_number as number,
    block_id: storableText(name.slice(0, MAX_BLOCK_ID)),
    block_text: typeof block_text === "string"
      ? storableText(block_text.slice(0, MAX_BLOCK_TEXT))
      : null,
    score: typeof score === "number" ? score : null,
    document_id: typeof document_id === "string" && isUuid(document_id) ? document_id : null,
    coords_norm: boxesOrNull(coords_norm, 1),
    coords_px: boxesOrNull(coords_px, Infinity),
  };
}

/**
 * Stores the sources of messages that name a page.
 *
 * @param messages each with the id of its row
 * @throws {ChatArchiveError} as addSearchResults
 */
export async function keepSources(
  archive: Pick<ArchiveVerbs, "addSearchResults">,
  { chat_id, messages, signal }: {
    chat_id: string;
    messages: { message: UIMessage; message_id: string }[];
  } & CallOptions,
): Promise<void> {
  const found = messages.flatMap(({ message, message_id }) =>
    message.parts.filter((part) => known.get(part) !== message_id).flatMap((part) => {
      const result = searchResultOf(part);
      return result ? [{ part, result, message_id }] : [];
    })
  );
  if (found.length === 0) return;
  const search_results = await Promise.all(found.map(async ({ result, message_id }) => {
    const id = await derivedId("search_result", message_id, JSON.stringify(result));
    return { ...result, id, message_id };
  }));
  await archive.addSearchResults({ chat_id, search_results, signal });
  for (const { part, message_id } of found) known.set(part, message_id);
}
