/**
 * Exports and imports of chats, and what of a chat they keep.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { unzipSync } from "fflate";
import type { ChatExport } from "@shared/contracts/chat-export.ts";
import { assertEquals } from "@std/assert";
import type { Bytes } from "./files.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { stack } from "./stack.ts";
import { type Answer, request, type User } from "./users.ts";

const decoder = new TextDecoder();

/** Exports a chat. */
export async function exportChat(
  user: User,
  chat_id: string,
  format: "markdown" | "json" | "zip",
  { FUNCTIONS_URL }: StackStatus = stack,
): Promise<Bytes> {
  const response = await fetch(
    `${FUNCTIONS_URL}/export-chat?chat_id=${chat_id}&format=${format}`,
    { headers: { authorization: `Bearer ${user.token}` } },
  );
  assertEquals(response.status, 200);
  return await response.bytes();
}

/** Exports a chat as JSON, and reads it. */
export async function exportJson(
  user: User,
  chat_id: string,
  status: StackStatus = stack,
): Promise<ChatExport> {
  return JSON.parse(decoder.decode(await exportChat(user, chat_id, "json", status)));
}

/** Files of a zip by path, with every checksum of its directory compared. */
function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  const files = unzipSync(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = view.getUint32(bytes.length - 6, true);
  let count = 0;
  for (; view.getUint32(at, true) === 0x02014b50; count++) {
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
    assertEquals(crc32(files[name]!), view.getUint32(at + 16, true), `checksum of ${name}`);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  }
  assertEquals(Object.keys(files).length, count, "no name stands twice");
  return files;
}

/** Exports as a zip, and takes it apart. @param query what follows `format=zip` in the request */
export async function exportZip(user: User, query: string, url: string = stack.FUNCTIONS_URL) {
  const response = await fetch(`${url}/export-chat?format=zip&${query}`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/zip");
  const files = unzip(await response.bytes());
  const text = (path: string) => decoder.decode(files[path]);
  return { files, text, paths: Object.keys(files), headers: response.headers };
}

/** Sends a file to import-chat. */
export function importFile(
  user: User,
  body: BodyInit,
  type = "application/json",
  status: StackStatus = stack,
): Promise<Answer> {
  return request("import-chat", {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": type },
    body,
  }, status);
}

/** Columns that an import makes anew. */
const NEW = ["id", "user_id", "chat_id", "seq", "s3_path", "s3_url", "document_path", "updated_at"];
/** What an export says of the bytes, which is another for each export. */
const LOCATION = ["uploaded_at", "link", "file"];

/** What an import keeps: every column but ids, keys, seq and times of its own; references as places. */
export function essenceOf({ chat, documents, messages, images, search_results }: ChatExport) {
  const places = new Map<string, string>();
  for (const [table, rows] of Object.entries({ documents, messages, images })) {
    rows.forEach(({ id }, index) => places.set(id, `${table}.${index}`));
  }
  const referring = (key: string, value: unknown) => {
    if (key.endsWith("_id") && key !== "external_id" && key !== "block_id") {
      return value === null ? null : places.get(String(value)) ?? "not in the file";
    }
    return JSON.parse(JSON.stringify(value), (_, part) => {
      if (typeof part !== "string") return part;
      const [, id] = /^chat-archive:(?:image|document)\/(.+)$/.exec(part) ?? [];
      return id ? places.get(id) ?? "not in the file" : part;
    });
  };
  const kept = (row: object) =>
    Object.fromEntries(
      Object.entries(row).filter(([key]) => ![...NEW, ...LOCATION].includes(key))
        .map(([key, value]) => [key, referring(key, value)]),
    );
  return {
    chat: kept(chat),
    documents: documents.map(kept),
    messages: messages.map(kept),
    images: images.map(kept),
    search_results: search_results.map(kept),
  };
}
