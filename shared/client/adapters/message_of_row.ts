/**
 * Rows as messages of the AI SDK.
 *
 * @module
 */
import type { Json } from "../../database.types.ts";
import { referenceTo } from "../../file_references.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import type { Message, MessageWithItems, Metadata } from "../rows.ts";
import { originalJson } from "./original_json.ts";
import type { UIMessage } from "./ui_message.ts";

/** Under this name a row's metadata keep what has no column. */
export const OWN = "chat-archive";

/** What has no column. */
interface Extras {
  /** An id that `external_id` can't hold. */
  id?: string;
  /** Metadata that are no object, or an empty one. */
  metadata?: Json;
  /** Fields that are not the AI SDK's. */
  fields?: { [name: string]: Json | undefined };
  /** Whether the message begins a branch of its own; else one without a parent follows the one before. */
  root?: true;
}

/** Whether a value is an object of JSON. */
export const isObject = (value: unknown): value is Metadata =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a message consists of that no framework wrote: its text, its images, its search results. */
function partsOf({ content, images, search_results }: MessageWithItems): Json[] {
  return [
    { type: "text", text: content },
    ...images.map(({ id, image_name, content_type }) => ({
      type: "file",
      mediaType: content_type,
      filename: image_name,
      url: referenceTo("image", id),
    })),
    ...search_results.map((
      { id, block_id, page_number, block_text, score, document_id, coords_norm, coords_px },
    ) => ({
      type: "source-document",
      sourceId: id,
      mediaType: "application/pdf",
      title: `${block_id}, page ${page_number}`,
      providerMetadata: {
        [OWN]: Object.fromEntries(
          Object.entries({
            search_result_id: id,
            block_id,
            page_number,
            block_text,
            score,
            document_id,
            coords_norm,
            coords_px,
          }).filter(([, value]) => value !== null),
        ),
      },
    })),
  ];
}

/** Rows of a chat in order; those without parts with what belongs to them. */
export async function storedMessages(
  archive: Pick<ArchiveVerbs, "messages" | "history">,
  which: { chat_id: string } & CallOptions,
): Promise<(Message | MessageWithItems)[]> {
  const rows = await Array.fromAsync(archive.messages(which));
  const isWhole = rows.every(({ parts }) => parts !== null);
  return isWhole ? rows : await Array.fromAsync(archive.history(which));
}

/** The message of a row. Files' URLs are still references. */
export function messageOf(row: Message | MessageWithItems): UIMessage {
  const { [OWN]: own, ...columns } = row.metadata;
  const extras: Extras = isObject(own) ? originalJson(own) as Extras : {};
  const metadata = "metadata" in extras
    ? extras.metadata
    : Object.keys(columns).length > 0
    ? originalJson(columns)
    : undefined;
  const parts = row.parts?.map(originalJson) ??
    ("images" in row ? partsOf(row) : [{ type: "text", text: row.content }]);
  return {
    ...extras.fields,
    id: extras.id ?? row.external_id ?? row.id,
    role: row.role as UIMessage["role"],
    ...(metadata === undefined ? {} : { metadata }),
    parts: parts as UIMessage["parts"],
  };
}

/** Whether the message of a row is known to follow no other. */
export function isRoot({ metadata: { [OWN]: own } }: Message): boolean {
  return isObject(own) && own.root === true;
}
