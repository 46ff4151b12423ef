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
export async function exportJson(user: User, chat_id: string): Promise<ChatExport> {
  return JSON.parse(decoder.decode(await exportChat(user, chat_id, "json")));
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

/** What an import keeps: all but ids, keys, times of upload and of the last change, and links. */
export function essenceOf({ chat, document, messages, images, search_results }: ChatExport) {
  const order = new Map(messages.map(({ id }, index) => [id, index]));
  const place = (id: string | null) => id === null ? null : order.get(id);
  return {
    chat: [chat.title, chat.description, chat.is_archived, chat.metadata, chat.created_at],
    document: document &&
      [document.file_name, document.content_type, document.file_size, document.sha256],
    messages: messages.map(({ id: _, chat_id: __, user_id: ___, seq: ____, ...rest }) => rest),
    images: images.map((image) => {
      const { message_id, image_name, image_type, content_type, description } = image;
      const { width, height, file_size, sha256 } = image;
      const facts = { image_name, image_type, content_type, description, width, height };
      return { ...facts, file_size, sha256, message: place(message_id) };
    }),
    search_results: search_results.map(
      ({ id: _, chat_id: __, user_id: ___, seq: ____, message_id, ...rest }) => ({
        ...rest,
        message: place(message_id),
      }),
    ),
  };
}
