/**
 * Looks at the first and last bytes of an upload: is it what it says, and is it whole?
 *
 * @module
 */
import { imageSize } from "image-size";
import type { ContentType } from "@shared/object-keys.ts";

/** Bytes to read from the start: a JPEG may carry large metadata before its dimensions. */
export const HEAD_BYTES = 512 * 1024;
/** Bytes to read from the end. A PDF's end mark lies within its last 1,024 (PDF 1.7, H.3). */
export const TAIL_BYTES = 1024;

/** Of a side: what the database's integer holds. A PNG can claim twice as much. */
const MAX_PIXELS = 2_147_483_647;

/** Parts of a file; they overlap, or are the same, where it is short. */
export interface FileParts {
  head: Uint8Array;
  tail: Uint8Array;
  /** Bytes of the whole file. */
  size: number;
}

/** What was found. */
export type Inspection =
  | { ok: true; width?: number; height?: number }
  | { ok: false; message: string };

const TYPE_NAME: Record<string, ContentType> = {
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
};

const ascii = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** Is the end of the file the end of its format? */
function isWhole(type: ContentType, { head, tail, size }: FileParts): boolean {
  switch (type) {
    case "image/png":
      return ascii(tail.slice(-8, -4)) === "IEND";
    case "image/jpeg":
      // Cameras and editors append data after the end-of-image marker.
      return ascii(tail).includes("\xff\xd9");
    case "image/gif":
      return tail.at(-1) === 0x3b;
    case "image/webp": {
      // RIFF: the chunk size leaves out its own 8 bytes, and pads to an even number.
      const chunk = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
      return chunk + 8 === size || chunk + 9 === size;
    }
    case "application/pdf":
      return ascii(tail).includes("%%EOF");
  }
}

/**
 * Compares a file with the type that it was announced as.
 *
 * @returns pixels of an image, or why the file is refused
 */
export function inspectFile(type: ContentType, parts: FileParts): Inspection {
  const mismatch: Inspection = { ok: false, message: `the file is not ${type}` };
  if (type === "application/pdf") {
    if (!ascii(parts.head.slice(0, 1024)).includes("%PDF-")) return mismatch;
    return isWhole(type, parts) ? { ok: true } : { ok: false, message: "the file is cut off" };
  }
  let found: ReturnType<typeof imageSize>;
  try {
    found = imageSize(parts.head);
  } catch {
    return mismatch;
  }
  if (TYPE_NAME[found.type ?? ""] !== type) return mismatch;
  const plausible = (pixels: number) => pixels > 0 && pixels <= MAX_PIXELS;
  if (!plausible(found.width) || !plausible(found.height)) {
    return { ok: false, message: "the image has impossible dimensions" };
  }
  if (!isWhole(type, parts)) return { ok: false, message: "the file is cut off" };
  return { ok: true, width: found.width, height: found.height };
}
