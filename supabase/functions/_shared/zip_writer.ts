/**
 * Writes a zip piece by piece (PKWARE's APPNOTE 6.3.10), with memory that grows by a hundred bytes a
 * file only.
 *
 * Own code, because the libraries for it compute the checksum in JavaScript, 2.5 s of CPU for a
 * gigabyte where a function has 2 s in all; node:zlib does it in 0.02 s. Nothing is compressed: images
 * can't be, and text would cost the rest of the CPU.
 *
 * @module
 */
import { crc32 } from "./crc32.ts";

/** A file, or an offset, from here on does not fit into the old fields. */
const MAX_32 = 0xffffffff;
const MAX_16 = 0xffff;
/** Names are UTF-8 (APPNOTE, D.2). */
const FLAG_UTF8 = 0x0800;
/** Checksum and sizes follow the data (4.4.4, bit 3). */
const FLAG_DESCRIPTOR = 0x0008;
const STORED = 0;
const DEFLATED = 8;
const VERSION = 20;
const VERSION_ZIP64 = 45;
/** Made on Unix: a regular file that its owner may write and all may read. */
const MADE_BY = (3 << 8) | VERSION_ZIP64;
const ATTRIBUTES = (0o100644 << 16) >>> 0;
/** Bytes of a block that is not compressed (RFC 1951, 3.2.4). */
const BLOCK = 65535;

interface Entry {
  name: Uint8Array;
  flags: number;
  method: number;
  modified: Date;
  crc: number;
  /** Bytes in the zip, and unpacked. */
  packed: number;
  size: number;
  offset: number;
}

/** Little-endian fields, each with its width in bytes, then bytes as they are. */
function pack(fields: [value: number, width: 2 | 4 | 8][], ...tail: Uint8Array[]): Uint8Array {
  const length = fields.reduce((sum, [, width]) => sum + width, 0);
  const bytes = new Uint8Array(length + tail.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  for (const part of tail) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Time and date of MS-DOS (4.4.6), in UTC: it knows no zone. */
function dosTime(at: Date): [number, number] {
  const year = Math.min(Math.max(at.getUTCFullYear(), 1980), 2107);
  return [
    at.getUTCHours() << 11 | at.getUTCMinutes() << 5 | at.getUTCSeconds() >> 1,
    (year - 1980) << 9 | (at.getUTCMonth() + 1) << 5 | at.getUTCDate(),
  ];
}

/** Wraps bytes in blocks that are not compressed: a deflate stream says where it ends by itself. */
function blocks(bytes: Uint8Array): Uint8Array {
  const count = Math.ceil(bytes.length / BLOCK);
  const out = new Uint8Array(bytes.length + count * 5);
  const view = new DataView(out.buffer);
  for (let n = 0, at = 0; n < count; n++) {
    const part = bytes.subarray(n * BLOCK, (n + 1) * BLOCK);
    view.setUint16(at + 1, part.length, true);
    view.setUint16(at + 3, ~part.length, true);
    out.set(part, at + 5);
    at += part.length + 5;
  }
  return out;
}

const LAST_BLOCK = new Uint8Array([1, 0, 0, 0xff, 0xff]);

/** A zip that is being written. Its methods give the bytes to send, in order. */
export class ZipWriter {
  #offset = 0;
  #directory: Uint8Array[] = [];

  /** A file whose bytes are at hand. */
  *file(name: string, parts: Uint8Array[], modified: Date): Generator<Uint8Array> {
    const entry = this.#entry(name, FLAG_UTF8, STORED, modified);
    entry.crc = parts.reduce((crc, part) => crc32(part, crc), 0);
    entry.packed = entry.size = parts.reduce((sum, { length }) => sum + length, 0);
    yield this.#sent(this.#header(entry));
    for (const part of parts) yield this.#sent(part);
    this.#list(entry);
  }

  /**
   * A file of unknown length. Readers of streams can't find the end of bytes that are merely stored,
   * so they travel as a deflate stream, not compressed.
   *
   * @throws {RangeError} where it has 4 GiB or more
   */
  async *stream(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    modified: Date,
  ): AsyncGenerator<Uint8Array> {
    const entry = this.#entry(name, FLAG_UTF8 | FLAG_DESCRIPTOR, DEFLATED, modified);
    yield this.#sent(this.#header(entry));
    const start = this.#offset;
    for await (const chunk of chunks) {
      entry.crc = crc32(chunk, entry.crc);
      entry.size += chunk.length;
      if (this.#offset - start + chunk.length > MAX_32 - BLOCK) {
        throw new RangeError(`${name} is too large for a zip`);
      }
      yield this.#sent(blocks(chunk));
    }
    yield this.#sent(LAST_BLOCK);
    entry.packed = this.#offset - start;
    yield this.#sent(
      pack([[0x08074b50, 4], [entry.crc, 4], [entry.packed, 4], [entry.size, 4]]),
    );
    this.#list(entry);
  }

  /** The directory, which readers look for at the end. */
  *end(): Generator<Uint8Array> {
    const start = this.#offset;
    for (const record of this.#directory) yield this.#sent(record);
    const size = this.#offset - start;
    const count = this.#directory.length;
    if (start >= MAX_32 || size >= MAX_32 || count >= MAX_16) {
      const end64 = this.#offset;
      yield this.#sent(pack([
        [0x06064b50, 4],
        [44, 8],
        [MADE_BY, 2],
        [VERSION_ZIP64, 2],
        [0, 4],
        [0, 4],
        [count, 8],
        [count, 8],
        [size, 8],
        [start, 8],
      ]));
      yield this.#sent(pack([[0x07064b50, 4], [0, 4], [end64, 8], [1, 4]]));
    }
    yield this.#sent(pack([
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [Math.min(count, MAX_16), 2],
      [Math.min(count, MAX_16), 2],
      [Math.min(size, MAX_32), 4],
      [Math.min(start, MAX_32), 4],
      [0, 2],
    ]));
  }

  #sent(bytes: Uint8Array): Uint8Array {
    this.#offset += bytes.length;
    return bytes;
  }

  #entry(name: string, flags: number, method: number, modified: Date): Entry {
    const offset = this.#offset;
    const encoded = new TextEncoder().encode(name);
    return { name: encoded, flags, method, modified, crc: 0, packed: 0, size: 0, offset };
  }

  #header({ name, flags, method, modified, crc, packed, size }: Entry): Uint8Array {
    const [time, date] = dosTime(modified);
    return pack([
      [0x04034b50, 4],
      [VERSION, 2],
      [flags, 2],
      [method, 2],
      [time, 2],
      [date, 2],
      [crc, 4],
      [packed, 4],
      [size, 4],
      [name.length, 2],
      [0, 2],
    ], name);
  }

  #list({ name, flags, method, modified, crc, packed, size, offset }: Entry) {
    const [time, date] = dosTime(modified);
    const far = offset >= MAX_32;
    const extra = far ? pack([[0x0001, 2], [8, 2], [offset, 8]]) : new Uint8Array();
    this.#directory.push(pack(
      [
        [0x02014b50, 4],
        [MADE_BY, 2],
        [far ? VERSION_ZIP64 : VERSION, 2],
        [flags, 2],
        [method, 2],
        [time, 2],
        [date, 2],
        [crc, 4],
        [packed, 4],
        [size, 4],
        [name.length, 2],
        [extra.length, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [ATTRIBUTES, 4],
        [Math.min(offset, MAX_32), 4],
      ],
      name,
      extra,
    ));
  }
}
