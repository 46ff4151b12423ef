import { z } from "zod";
import { IMPORT_LIMITS, type ImportChatResponse } from "@shared/contracts/import-chat.ts";
import { EXPORT_VERSION } from "@shared/contracts/chat-export.ts";
import { Time } from "@shared/contracts/values.ts";
import { isStorable, storableJson } from "@shared/storable.ts";
import type { BodyFile } from "../_shared/request_body.ts";
import { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";
import type { Rows } from "./imported_rows.ts";
import { type JsonValue, readJsonValues } from "./json_values.ts";
import { NewChat, type NewChatPorts } from "./new_chat.ts";
import type { Place } from "./row_batch.ts";
import { type Version, VERSIONS } from "./versions.ts";
import { readZip } from "./zip_reader.ts";

/** What import-chat needs. */
export type ImportChatPorts = NewChatPorts;

/** Where in a value a text is that can't be stored; where it is the name of a field, its object. */
function unstorableIn(value: unknown): Place | undefined {
  if (typeof value === "string") return isStorable(value) ? undefined : [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (!isStorable(name)) return [];
    const found = unstorableIn(inner);
    if (found) return [Array.isArray(value) ? Number(name) : name, ...found];
  }
  return undefined;
}

const placeOf = ({ key, index }: JsonValue) => index === undefined ? [key] : [key, index];

/** Checks a value. @throws {ChatArchiveError} `invalid_request` with its place */
function check<T>(schema: z.ZodType<T>, item: JsonValue): T {
  const { value } = item;
  const path = placeOf(item);
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const unknown = issue!.code === "unrecognized_keys" ? issue!.keys.slice(0, 1) : [];
    const inner = [...issue!.path, ...unknown].map((part) =>
      typeof part === "number" ? part : String(part)
    );
    throw damaged([...path, ...inner], unknown.length > 0 ? "unknown field" : issue!.message);
  }
  return result.data;
}

/** The version of a file. @throws {ChatArchiveError} `invalid_request` where it is not known */
function versionOf(item: JsonValue): Version {
  const known = [...VERSIONS.keys()];
  return VERSIONS.get(check(z.literal(known), item))!;
}

/** Reads one value of the JSON into a chat. @param bytes of the value */
async function readValue(item: JsonValue, bytes: number, rows: Rows, chat: NewChat) {
  const { key, index } = item;
  const place = placeOf(item);
  switch (index === undefined ? key : `${key}.`) {
    case "format":
      return void check(z.literal("chat-archive"), item);
    case "version":
      return;
    case "exported_at":
      return void check(Time, item);
    case "chat":
      return await chat.begin(check(rows.chat, item));
    case "document": {
      const document = check(rows.document.nullable(), item);
      return document === null ? undefined : await chat.addDocument(document, place, bytes);
    }
    case "documents.":
      return await chat.addDocument(check(rows.document, item), place, bytes);
    case "messages.":
      return await chat.addMessage(check(rows.message, item), index!, bytes);
    case "images.":
      return await chat.addImage(check(rows.image, item), index!, bytes);
    case "search_results.":
      return await chat.addSearchResult(check(rows.searchResult, item), index!, bytes);
    default:
      // An array begins.
      check(z.array(z.never()), item);
  }
  if (key === "messages") await chat.endDocuments();
  if (key === "images") await chat.endMessages();
  if (key === "search_results") chat.endImages();
}

/** Reads the JSON of an export into a chat. */
async function readChat(chunks: AsyncIterable<Uint8Array>, chat: NewChat) {
  let version = VERSIONS.get(EXPORT_VERSION)!;
  let count = 0;
  const { json, message, row } = IMPORT_LIMITS;
  const limits = { all: json, row: (key: string) => key === "messages" ? message : row };
  for await (const item of readJsonValues(chunks, limits)) {
    const { key, index } = item;
    if (index === undefined) {
      const expected = version.keys[count++];
      if (key !== expected) {
        throw damaged([key], expected ? `${expected} has to come here` : "unknown field");
      }
      if (key === "version") version = versionOf(item);
    }
    const text = JSON.stringify(item.value);
    // JSON can write what is not text.
    if (storableJson(text) !== text) {
      const place = [...placeOf(item), ...unstorableIn(item.value) ?? []];
      throw damaged(place, "must not contain null characters or lone surrogates");
    }
    await readValue(item, text.length, version.rows, chat);
  }
  const missing = version.keys[count];
  if (missing !== undefined) throw damaged([missing], "it is missing");
  await chat.endRows();
}

/** `chat.json` of a zip, at its top or in its one folder: tools that pack a folder put it there. */
const CHAT_JSON = /^([^/]+\/)?chat\.json$/;

/** Reads the zip of an export into a chat. */
async function readZipFile(chunks: AsyncIterable<Uint8Array>, chat: NewChat) {
  const source = new ByteSource(chunks, IMPORT_LIMITS.body);
  const { entries, unpacked } = IMPORT_LIMITS;
  let folder: string | undefined;
  const before: string[] = [];
  for await (const entry of readZip(source, { entries, unpacked })) {
    const [found, prefix = ""] = CHAT_JSON.exec(entry.name) ?? [];
    if (folder === undefined) {
      if (found === undefined) {
        before.push(entry.name);
        continue;
      }
      folder = prefix;
      const early = before.find((name) => /^(images|documents?)\//.test(name.slice(prefix.length)));
      if (early !== undefined) throw damaged([early], "chat.json has to come before it");
      await readChat(entry.bytes, chat);
    } else if (found !== undefined) {
      throw damaged([entry.name], "a file holds one chat: pack each folder on its own");
    } else if (entry.name.startsWith(folder)) {
      await chat.store(entry.name.slice(folder.length), entry);
    }
  }
  if (folder === undefined) throw damaged(["chat.json"], "it is not in the zip");
}

/** A sender that goes away, or whose connection breaks, has sent a damaged file. */
async function* received(bytes: AsyncIterable<Uint8Array>) {
  try {
    yield* bytes;
  } catch (cause) {
    throw damaged([], "it did not arrive whole", cause);
  }
}

/**
 * Restores a chat from an export. It is there whole or not at all: what a failed import made is removed
 * at once, what a killed one made by the worker, and until the end its owner sees nothing of it.
 *
 * @throws {ChatArchiveError} `invalid_request` with the place in the file; `payload_too_large`;
 *   `storage_unavailable`
 */
export async function importChat(
  { contentType, bytes }: BodyFile,
  ports: ImportChatPorts,
): Promise<{ status: 201; body: ImportChatResponse }> {
  const isZip = contentType === "application/zip";
  const chat = new NewChat(ports, isZip);
  try {
    const file = received(bytes);
    await (isZip ? readZipFile(file, chat) : readChat(file, chat));
    return { status: 201, body: await chat.finish() };
  } catch (error) {
    await chat.abandon();
    throw error;
  }
}
