import { z } from "zod";
import {
  EXPORT_VERSION,
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";
import { IMPORT_LIMITS, type ImportChatResponse } from "@shared/contracts/import-chat.ts";
import { Time } from "@shared/contracts/values.ts";
import type { BodyFile } from "../_shared/request_body.ts";
import { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";
import { type JsonValue, readJsonValues } from "./json_values.ts";
import { NewChat, type NewChatPorts } from "./new_chat.ts";
import { readZip } from "./zip_reader.ts";

/** What import-chat needs. */
export type ImportChatPorts = NewChatPorts;

/** The keys of an export, in their order: whoever streams needs what is referred to first. */
const KEYS = [
  "format",
  "version",
  "exported_at",
  "chat",
  "document",
  "messages",
  "images",
  "search_results",
];

/** Half of a surrogate pair, which JSON can write and PostgreSQL can't store. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** Checks a value. @throws {ChatArchiveError} `invalid_request` with its place */
function check<T>(schema: z.ZodType<T>, { key, index, value }: JsonValue): T {
  const path = index === undefined ? [key] : [key, index];
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

/** Reads the JSON of an export into a chat. @param inZip whether the files may follow */
async function readChat(chunks: AsyncIterable<Uint8Array>, chat: NewChat, inZip: boolean) {
  const seen: string[] = [];
  const limits = { all: IMPORT_LIMITS.json, row: IMPORT_LIMITS.row };
  for await (const item of readJsonValues(chunks, limits)) {
    const { key, index, value } = item;
    if (index === undefined) {
      const expected = KEYS[seen.length];
      if (key !== expected) {
        throw damaged([key], expected ? `${expected} has to come here` : "unknown field");
      }
      seen.push(key);
    }
    // As JSON, which counts its bytes and shows what is not text.
    const text = JSON.stringify(value);
    if (LONE_SURROGATE.test(text)) {
      throw damaged(index === undefined ? [key] : [key, index], "a text in it is not Unicode");
    }
    switch (key) {
      case "format":
        check(z.literal("chat-archive"), item);
        break;
      case "version":
        check(z.literal(EXPORT_VERSION), item);
        break;
      case "exported_at":
        check(Time, item);
        break;
      case "chat":
        await chat.begin(check(ExportedChat, item));
        break;
      case "document": {
        const document = check(ExportedDocument.nullable(), item);
        if (document) await chat.addDocument(document, inZip);
        break;
      }
      default:
        if (index === undefined) {
          check(z.array(z.never()), item);
          if (key === "images") await chat.endMessages();
        } else if (key === "messages") {
          await chat.addMessage(check(ExportedMessage, item), index, text.length);
        } else if (key === "images") {
          await chat.addImage(check(ExportedImage, item), index, inZip);
        } else {
          await chat.addSearchResult(check(ExportedSearchResult, item), index, text.length);
        }
    }
  }
  if (seen.length < KEYS.length) throw damaged([KEYS[seen.length]!], "it is missing");
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
      const early = before.find((name) => /^(images|document)\//.test(name.slice(prefix.length)));
      if (early !== undefined) throw damaged([early], "chat.json has to come before it");
      await readChat(entry.bytes, chat, true);
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
  const chat = new NewChat(ports);
  try {
    const file = received(bytes);
    if (contentType === "application/zip") await readZipFile(file, chat);
    else await readChat(file, chat, false);
    return { status: 201, body: await chat.finish() };
  } catch (error) {
    await chat.abandon();
    throw error;
  }
}
