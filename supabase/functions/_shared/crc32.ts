/**
 * The checksum of zips (CRC-32 of ISO 3309).
 *
 * @module
 */
import * as zlib from "node:zlib";
import { portableCrc32 } from "./portable_crc32.ts";

/** Is there one in node:zlib that takes what it gave? Deno 2.1 has one that throws. */
function worksHere(): boolean {
  try {
    return zlib.crc32(new Uint8Array([1]), zlib.crc32(new Uint8Array([3])) >>> 0) >>> 0 ===
      portableCrc32(new Uint8Array([3, 1]));
  } catch {
    return false;
  }
}

/**
 * The checksum of bytes. node:zlib's costs a hundredth of one in JavaScript.
 *
 * @param before of the bytes before
 * @returns from 0 to 2³² - 1
 */
export const crc32: (bytes: Uint8Array, before?: number) => number = worksHere()
  // The platform's gives a signed number, and takes none.
  ? (bytes, before = 0) => zlib.crc32(bytes, before) >>> 0
  : portableCrc32;
