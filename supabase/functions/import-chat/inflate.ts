/**
 * Unpacks deflate streams (RFC 1951).
 *
 * Own code, because a zip is read as a stream, and an entry's end is often told by its deflate stream
 * alone: what the runtime has either hides how many bytes it took (`DecompressionStream`; node:zlib on
 * the oldest runtime) or fails on those behind.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";
import { type PrefixCode, prefixCode } from "./huffman.ts";

/** Bytes that are handed out at a time. */
const CHUNK_BYTES = 256 * 1024;
/** The same for the first time: a zip may have thousands of small entries. */
const FIRST_BYTES = 16 * 1024;
/** How far back a match may reach. */
const WINDOW_BYTES = 32 * 1024;
/** Bytes of the longest match. */
const MAX_MATCH = 258;
/** A match, with its two codes and their extra bits, has 48 bits. */
const MATCH_BYTES = 6;
/** The codes of a block: 14 bits, 19 lengths of 3 bits, 320 lengths with 7 extra bits each at most. */
const CODES_BYTES = 600;

/** From so many bytes on a call is cheaper than a loop. */
const LONG_MATCH = 64;
/** Of what a code is found as: how many bits it has. */
const CODE_BITS = 15;
const END_OF_BLOCK = 256;
/** In which order the lengths of the lengths' own code come. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Extra bits of each symbol, and the smallest number that it stands for. */
function ranges(extra: number[], first: number): { extra: Uint8Array; base: Uint16Array } {
  const base = new Uint16Array(extra.length);
  for (let symbol = 0, next = first; symbol < extra.length; symbol++) {
    base[symbol] = next;
    next += 1 << extra[symbol]!;
  }
  return { extra: Uint8Array.from(extra), base };
}

const MATCH_LENGTHS = ranges(
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
  3,
);
// The last one is an exception: with it, 258 has two codes.
MATCH_LENGTHS.base[28] = MAX_MATCH;
const DISTANCES = ranges(Array.from({ length: 30 }, (_, n) => Math.max(0, (n >> 1) - 1)), 1);

/** The codes of blocks that bring none (3.2.6). */
const FIXED = {
  literals: prefixCode(
    Uint8Array.from({ length: 288 }, (_, n) => n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8),
  ),
  distances: prefixCode(new Uint8Array(30).fill(5)),
};

/** Codes of literals and lengths, and of distances. */
type Codes = typeof FIXED;

/** The next bits of a stream, 17 at least, the first one lowest. */
function bitsAt(bytes: Uint8Array, bit: number): number {
  const at = bit >> 3;
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16) >> (bit & 7);
}

/** The symbol of the next code, shifted left by four, and its bits. */
function codeAt({ bits, symbols }: PrefixCode, bytes: Uint8Array, bit: number): number {
  return symbols[bitsAt(bytes, bit) & (1 << bits) - 1]!;
}

/** Repeats bytes that came before, also those that it has just written. */
function repeat(out: Uint8Array, from: number, to: number, length: number) {
  if (to - from === 1) out.fill(out[from]!, to, to + length);
  else if (length > LONG_MATCH && to - from >= length) out.copyWithin(to, from, from + length);
  else for (let at = 0; at < length; at++) out[to + at] = out[from + at]!;
}

class Inflater {
  #source: ByteSource;
  #name: string;
  /** Bytes that have come, and the next bit in them. */
  #bytes: Uint8Array = new Uint8Array();
  #bit = 0;
  /** Begins with what matches may reach back to. Handed out piece by piece, and never written again. */
  #out = new Uint8Array(WINDOW_BYTES + FIRST_BYTES + MAX_MATCH);
  /** Bytes that are handed out next. */
  #room = FIRST_BYTES;
  #start = WINDOW_BYTES;
  #end = WINDOW_BYTES;
  /** Bytes that have been unpacked before these. */
  #before = 0;

  constructor(source: ByteSource, name: string) {
    this.#source = source;
    this.#name = name;
  }

  #wrong(message: string) {
    return damaged([this.#name], `it can't be unpacked: ${message}`);
  }

  /** Has some bytes come, unless the source ends before. */
  async #expect(count: number) {
    this.#source.skip(this.#bit >> 3);
    this.#bit &= 7;
    await this.#source.peek(count + 1);
    this.#bytes = await this.#source.chunk();
  }

  /** The bits of a number. Behind the source's end they are 0, until {@link #checkEnd}. */
  #take(count: number): number {
    const value = bitsAt(this.#bytes, this.#bit) & (1 << count) - 1;
    this.#bit += count;
    return value;
  }

  #checkEnd() {
    if (this.#bit > this.#bytes.length * 8) {
      throw damaged([this.#name], "the zip ends in the middle of it");
    }
  }

  /** What has been unpacked since the last time. The last of it stays within reach. */
  #handOut(): Uint8Array {
    const piece = this.#out.subarray(this.#start, this.#end);
    this.#room = CHUNK_BYTES;
    const next = new Uint8Array(WINDOW_BYTES + CHUNK_BYTES + MAX_MATCH);
    next.set(this.#out.subarray(this.#end - WINDOW_BYTES, this.#end));
    this.#before += piece.length;
    this.#out = next;
    this.#start = this.#end = WINDOW_BYTES;
    return piece;
  }

  get #isFull(): boolean {
    return this.#end - this.#start >= this.#room;
  }

  /** All blocks, up to the last byte of the stream. */
  async *unpack(): AsyncGenerator<Uint8Array> {
    for (let last = false; !last;) {
      await this.#expect(1);
      last = this.#take(1) === 1;
      const type = this.#take(2);
      this.#checkEnd();
      if (type === 0) yield* this.#stored();
      else if (type === 1) yield* this.#matched(FIXED);
      else if (type === 2) yield* this.#matched(await this.#codes());
      else throw this.#wrong("there is no such block");
    }
    if (this.#end > this.#start) yield this.#out.subarray(this.#start, this.#end);
    this.#source.skip(this.#bit + 7 >> 3);
  }

  /** A block that is not compressed (3.2.4). */
  async *#stored(): AsyncGenerator<Uint8Array> {
    this.#bit = this.#bit + 7 & ~7;
    await this.#expect(4);
    const length = this.#take(16);
    const complement = this.#take(16);
    this.#checkEnd();
    if ((length ^ complement) !== 0xffff) throw this.#wrong("a length is wrong");
    for (let left = length; left > 0;) {
      await this.#expect(0);
      const room = this.#room + MAX_MATCH - (this.#end - this.#start);
      const piece = this.#bytes.subarray(0, Math.min(left, room));
      if (piece.length === 0) throw damaged([this.#name], "the zip ends in the middle of it");
      this.#out.set(piece, this.#end);
      this.#end += piece.length;
      this.#bit += piece.length * 8;
      left -= piece.length;
      if (this.#isFull) yield this.#handOut();
    }
  }

  /** The codes that a block brings (3.2.7). */
  async #codes(): Promise<Codes> {
    await this.#expect(CODES_BYTES);
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const count = this.#take(4) + 4;
    const ofLengths = new Uint8Array(19);
    for (const symbol of LENGTHS_ORDER.slice(0, count)) ofLengths[symbol] = this.#take(3);
    const lengths = new Uint8Array(literals + distances);
    try {
      const code = prefixCode(ofLengths);
      for (let at = 0; at < lengths.length;) {
        const found = codeAt(code, this.#bytes, this.#bit);
        if (found === 0) throw new RangeError("there is no such code");
        this.#bit += found & CODE_BITS;
        const symbol = found >> 4;
        const repeated = symbol === 16
          ? 3 + this.#take(2)
          : symbol === 17
          ? 3 + this.#take(3)
          : symbol === 18
          ? 11 + this.#take(7)
          : 1;
        if (at + repeated > lengths.length || symbol === 16 && at === 0) {
          throw new RangeError("lengths of codes are wrong");
        }
        lengths.fill(
          symbol < 16 ? symbol : symbol === 16 ? lengths[at - 1]! : 0,
          at,
          at += repeated,
        );
      }
      this.#checkEnd();
      return {
        literals: prefixCode(lengths.subarray(0, literals)),
        distances: prefixCode(lengths.subarray(literals)),
      };
    } catch (cause) {
      throw cause instanceof RangeError ? this.#wrong(cause.message) : cause;
    }
  }

  /** A block of literals and matches (3.2.5). */
  async *#matched(codes: Codes): AsyncGenerator<Uint8Array> {
    for (let over = false; !over;) {
      await this.#expect(MATCH_BYTES);
      over = this.#fill(codes);
      this.#checkEnd();
      if (this.#isFull) yield this.#handOut();
    }
  }

  /** Unpacks what has come, up to a chunk. @returns whether the block has ended */
  #fill({ literals, distances }: Codes): boolean {
    // All that is needed a million times is at hand.
    const bytes = this.#bytes;
    const out = this.#out;
    let bit = this.#bit;
    let end = this.#end;
    // One at least: the source has ended where there is less.
    const lastBit = Math.max((bytes.length - MATCH_BYTES) * 8, bit + 1);
    const full = this.#start + this.#room;
    const earliest = WINDOW_BYTES - this.#before;
    let over = false;
    while (bit < lastBit && end < full) {
      const found = codeAt(literals, bytes, bit);
      const symbol = found >> 4;
      bit += found & CODE_BITS;
      if (symbol < END_OF_BLOCK) {
        if (found === 0) throw this.#wrong("there is no such code");
        out[end++] = symbol;
        continue;
      }
      over = symbol === END_OF_BLOCK;
      if (over) break;
      const lengthSymbol = symbol - END_OF_BLOCK - 1;
      if (lengthSymbol >= MATCH_LENGTHS.base.length) throw this.#wrong("there is no such length");
      const lengthBits = MATCH_LENGTHS.extra[lengthSymbol]!;
      const length = MATCH_LENGTHS.base[lengthSymbol]! +
        (bitsAt(bytes, bit) & (1 << lengthBits) - 1);
      bit += lengthBits;
      const far = codeAt(distances, bytes, bit);
      const farSymbol = far >> 4;
      if (far === 0 || farSymbol >= DISTANCES.base.length) {
        throw this.#wrong("there is no such distance");
      }
      bit += far & CODE_BITS;
      const farBits = DISTANCES.extra[farSymbol]!;
      const from = end - DISTANCES.base[farSymbol]! - (bitsAt(bytes, bit) & (1 << farBits) - 1);
      bit += farBits;
      if (from < earliest) throw this.#wrong("a match begins too early");
      repeat(out, from, end, length);
      end += length;
    }
    this.#bit = bit;
    this.#end = end;
    return over;
  }
}

/**
 * Unpacks a deflate stream, which says by itself where it ends. What it gives is never written again.
 *
 * @param name of the entry
 * @throws {ChatArchiveError} `invalid_request` where it is damaged
 */
export function inflated(source: ByteSource, name: string): AsyncGenerator<Uint8Array> {
  return new Inflater(source, name).unpack();
}
