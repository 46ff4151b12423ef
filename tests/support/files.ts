/**
 * Files to upload: made here, so that each test says what is in them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";
import { PresignUploadResponse } from "@shared/contracts/presign-upload.ts";
import type { Box } from "@shared/rows.ts";
import { assert, assertEquals } from "@std/assert";
import { bucket } from "./stack.ts";
import type { User } from "./users.ts";

/** Bytes that `fetch` takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

function concat(...parts: Uint8Array[]): Bytes {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function pngChunk(type: string, data: Uint8Array): Bytes {
  const body = concat(new TextEncoder().encode(type), data);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return chunk;
}

/** A grey PNG. @param seed makes files with the same size differ in their bytes */
export function png(width: number, height: number, seed = 0): Bytes {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 0, 0, 0, 0], 8);
  // Stored, not compressed: the same dimensions give the same length.
  const pixels = new Uint8Array((width + 1) * height).fill(seed % 256);
  for (let row = 0; row < height; row++) pixels[row * (width + 1)] = 0;
  return concat(
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(pixels, { level: 0 })),
    pngChunk("IEND", new Uint8Array()),
  );
}

/** The smallest thing that calls itself a PDF from its first to its last line. */
export function pdf(text = "hello"): Bytes {
  return new TextEncoder().encode(`%PDF-1.4\n% ${text}\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n`);
}

/** A file with what presign-upload wants to know of it. */
export interface TestFile {
  name: string;
  content_type: string;
  bytes: Bytes;
  kind?: "image" | "document";
  id?: string;
  message_id?: string;
  document_id?: string;
  page_number?: number;
  coords_norm?: Box;
  page_count?: number;
  sha256?: string;
}

/** A small image. */
export function image(name = "page.png", seed = 0): TestFile {
  return { name, content_type: "image/png", bytes: png(4, 3, seed) };
}

/** A small document with a text in it. */
export function document(name = "a.pdf", text = name): TestFile {
  return { name, content_type: "application/pdf", kind: "document", bytes: pdf(text) };
}

/** Puts a small image where a test wants one, past the functions. @returns its key */
export async function store(key: string): Promise<string> {
  const body = png(1, 1);
  await bucket.put({ key, body, size: body.length, contentType: "image/png" });
  return key;
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What presign-upload wants to know of a file. */
export function factsOf({ bytes, ...facts }: TestFile) {
  return { sha256: sha256(bytes), ...facts, size: bytes.length };
}

/** Reserves files. @returns the uploads in the same order */
export async function reserve(user: User, chat_id: string, files: TestFile[]) {
  const answer = await user.call("presign-upload", {
    chat_id,
    files: files.map(factsOf),
  });
  assertEquals(answer.status, 201, JSON.stringify(answer.body));
  return PresignUploadResponse.parse(answer.body).uploads;
}

/** PUTs bytes to a signed URL. @returns the bucket's status */
export async function put(
  upload: { url: string; headers: Record<string, string> },
  body: BodyInit,
): Promise<number> {
  const { url, headers } = upload;
  const response = await fetch(url, { method: "PUT", headers, body });
  await response.body?.cancel();
  return response.status;
}

/** Uploads files all the way. @returns their ids */
export async function uploadAll(user: User, chat_id: string, files: TestFile[]): Promise<string[]> {
  const uploads = await reserve(user, chat_id, files);
  for (const [index, upload] of uploads.entries()) {
    assertEquals(await put(upload, files[index]!.bytes), 200);
  }
  const ids = uploads.map(({ id }) => id);
  const confirmed = await user.call("confirm-upload", { ids });
  assert(
    confirmed.status === 200 && confirmed.body.rejected.length === 0,
    JSON.stringify(confirmed.body),
  );
  return ids;
}
