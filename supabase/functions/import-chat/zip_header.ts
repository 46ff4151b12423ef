/**
 * What a zip says of each entry, before and after its bytes (PKWARE's APPNOTE 6.3.10).
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";

const DESCRIPTOR = 0x08074b50;

const FLAG_ENCRYPTED = 0x0001;
const FLAG_DESCRIPTOR = 0x0008;
const FLAG_STRONG = 0x0040;
const FLAG_UTF8 = 0x0800;
const FLAG_MASKED = 0x2000;
/** Not compressed. */
export const STORED = 0;
/** Compressed as a deflate stream (RFC 1951). */
export const DEFLATED = 8;
const MAX_32 = 0xffffffff;

/** What stands before an entry. */
export interface Header {
  name: string;
  method: number;
  hasDescriptor: boolean;
  zip64: boolean;
  crc: number;
  packed: number;
  size: number;
}

/** Reads numbers of a zip's fields. */
export const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A name, in whatever encoding it is. @param flags of the entry */
export function decodeName(bytes: Uint8Array, flags: number): string {
  const utf8 = (flags & FLAG_UTF8) !== 0;
  try {
    // Many tools write UTF-8 and don't say so; names of ours are found by their bytes alone.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!utf8) return new TextDecoder("latin1").decode(bytes);
    throw damaged([], "a name in the zip is not UTF-8", cause);
  }
}

/** Names are only compared, never used as paths; but such a zip was not made in good faith. */
function checkName(name: string) {
  const parts = name.replace(/\/$/, "").split("/");
  if (
    name === "" || name.length > 1024 || /[\\\0]/.test(name) || /^[A-Za-z]:/.test(name) ||
    parts.some((part) => part === "" || part === "." || part === "..")
  ) {
    throw damaged([name.slice(0, 100)], "this is not the name of a file in a zip");
  }
}

/** Sizes that do not fit into 32 bits stand in an extra field (4.5.3). */
export function sizesOf(extra: Uint8Array, size: number, packed: number) {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 0x0001) {
      let field = at + 4;
      const next = () => {
        if (field + 8 > Math.min(at + 4 + length, extra.length)) {
          throw damaged([], "a zip64 field is too short");
        }
        field += 8;
        return Number(view.getBigUint64(field - 8, true));
      };
      return {
        zip64: true,
        size: size === MAX_32 ? next() : size,
        packed: packed === MAX_32 ? next() : packed,
      };
    }
    at += 4 + length;
  }
  return { zip64: false, size, packed };
}

/** Reads what stands before an entry. @throws {ChatArchiveError} `invalid_request` with its name */
export async function readHeader(source: ByteSource): Promise<Header> {
  const fixed = (await source.take(30)).slice();
  const view = viewOf(fixed);
  const flags = view.getUint16(6, true);
  const name = decodeName((await source.take(view.getUint16(26, true))).slice(), flags);
  checkName(name);
  if (flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED)) {
    throw damaged([name], "it is encrypted");
  }
  const method = view.getUint16(8, true);
  if (method !== STORED && method !== DEFLATED) {
    throw damaged([name], `it is compressed in a way that is not known here (${method})`);
  }
  const extra = (await source.take(view.getUint16(28, true))).slice();
  const hasDescriptor = (flags & FLAG_DESCRIPTOR) !== 0;
  const crc = view.getUint32(14, true);
  const sizes = sizesOf(extra, view.getUint32(22, true), view.getUint32(18, true));
  if (method === STORED && sizes.size !== sizes.packed) {
    throw damaged([name], "its sizes contradict each other");
  }
  if (method === STORED && hasDescriptor && sizes.size === 0) {
    throw damaged([name], "its size does not stand before its bytes: it can't be read as a stream");
  }
  return { name, method, hasDescriptor, crc, ...sizes };
}

/** Checksum and size that stand behind an entry. */
export async function readDescriptor(source: ByteSource, { zip64 }: Header) {
  const signed = viewOf(await source.peek(4)).getUint32(0, true) === DESCRIPTOR;
  const bytes = await source.take((signed ? 4 : 0) + (zip64 ? 20 : 12));
  const view = viewOf(bytes);
  const at = signed ? 4 : 0;
  return {
    crc: view.getUint32(at, true),
    size: zip64 ? Number(view.getBigUint64(at + 12, true)) : view.getUint32(at + 8, true),
  };
}
