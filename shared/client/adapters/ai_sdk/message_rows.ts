/**
 * Messages of the AI SDK as rows, and rows as messages. Nothing is asked for here.
 *
 * @module
 */
import type { Json } from "../../../database.types.ts";
import { fieldError } from "../../../errors.ts";
import type { NewMessage } from "../../add_messages.ts";
import type { Message, MessageWithItems, Metadata, Status } from "../../rows.ts";
import { referenceTo } from "../../../file_references.ts";
import { assertId } from "../framework_ids.ts";
import { originalJson, type Path, storedJson } from "../stored_json.ts";
import { isFilePart, type JsonPart, partsWithin, type UIMessage } from "./ui_message.ts";

/** Under this name a row's metadata keep what has no column. */
const OWN = "chat-archive";

/** What has no column. */
interface Extras {
  /** An id that `external_id` can't hold. */
  id?: string;
  /** Metadata that are no object, or an empty one. */
  metadata?: Json;
  /** Fields that are not the AI SDK's. */
  fields?: { [name: string]: Json | undefined };
}

const isObject = (value: unknown): value is Metadata =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A part with its files' URLs as they are: those become references. */
function storedPart(part: unknown, path: Path): Json {
  const stored = storedJson(part, path);
  const keepUrls = (copy: unknown, original: unknown) => {
    if (isFilePart(copy) && isFilePart(original)) copy.url = original.url;
    partsWithin(copy).forEach((inner, index) => keepUrls(inner, partsWithin(original)[index]));
  };
  keepUrls(stored, part);
  return stored;
}

/** Texts of parts, one after the other. */
function textsOf(parts: unknown[]): string[] {
  return parts.flatMap((part) => {
    const { type, text } = part as JsonPart;
    return type === "text" ? [String(text)] : textsOf(partsWithin(part));
  });
}

/** What a person reads: neither reasoning nor what tools say. Search and Markdown use it. */
export function readableText({ parts }: Pick<UIMessage, "parts">): string {
  return textsOf(parts).filter((text) => text.trim() !== "").join("\n\n")
    .toWellFormed().replaceAll("\0", "\ufffd");
}

/** Whether something in it is still written. */
function isStreaming({ parts }: UIMessage): boolean {
  return parts.some((part) => /^(input-)?streaming$/.test(String((part as JsonPart).state)));
}

/**
 * The columns of a message. Files' URLs are as they were.
 *
 * @param id    of the row
 * @param named the message's id, as `external_id` has it
 * @param path  of the message, for errors
 * @param isLast a later message means that nobody writes this one any more
 * @throws {ChatArchiveError} `invalid_request` naming what is no JSON
 */
export function rowOf(
  message: UIMessage,
  { id, external_id, path, isLast }: {
    id: string;
    external_id: string;
    path: Path;
    isLast: boolean;
  },
): NewMessage & { id: string; parts: Json[]; status: Status } {
  const { id: given, role, metadata, parts, ...others } = message;
  const stored = storedJson(metadata ?? null, [...path, "metadata"]);
  const fields = storedJson(others, path) as JsonPart;
  const isPlain = isObject(stored) && Object.keys(stored).length > 0 && !(OWN in stored);
  const extras = {
    ...(external_id === given ? {} : { id: storedJson(given, path) }),
    ...(isPlain || metadata === undefined ? {} : { metadata: stored }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
  return {
    id,
    external_id,
    role: role as "user" | "assistant",
    content: readableText(message),
    parts: parts.map((part, index) => storedPart(part, [...path, "parts", index])),
    metadata: {
      ...(isPlain ? stored : {}),
      ...(Object.keys(extras).length === 0 ? {} : { [OWN]: extras }),
    },
    status: !isStreaming(message) ? "complete" : isLast ? "streaming" : "incomplete",
  };
}

/**
 * A list that can be saved.
 *
 * @throws {ChatArchiveError} `invalid_request` naming the message, and the field that is wrong in it
 */
export function assertMessages(messages: unknown, name: string): asserts messages is UIMessage[] {
  const refuse = (path: Path, message: string) => {
    throw fieldError("invalid_request", [name, ...path], message);
  };
  if (!Array.isArray(messages)) return refuse([], "must be a list");
  const seen = new Map<unknown, number>();
  messages.forEach((message: Partial<UIMessage> | null, index) => {
    const { id, role, parts } = message ?? {};
    assertId(id, [name, index, "id"]);
    if (seen.has(id)) refuse([index, "id"], `message ${seen.get(id)} has the same id`);
    seen.set(id, index);
    if (role === "system") {
      refuse(
        [index, "role"],
        "user or assistant: give instructions to the model where it is called",
      );
    }
    if (role !== "user" && role !== "assistant") refuse([index, "role"], "user or assistant");
    if (!Array.isArray(parts)) return refuse([index, "parts"], "must be a list");
    parts.forEach((part, n) => {
      if (typeof (part as JsonPart | null)?.type === "string") return;
      refuse([index, "parts", n, "type"], "must be a text");
    });
  });
}

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
