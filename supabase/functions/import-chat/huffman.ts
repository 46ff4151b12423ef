/**
 * Prefix codes of a deflate stream (RFC 1951, 3.2.2).
 *
 * @module
 */

/** Bits of the longest code. */
export const MAX_CODE_BITS = 15;

/** Turns a code's bits around: a stream has the first one lowest. */
function reversed(code: number, bits: number): number {
  let result = 0;
  for (let left = bits, rest = code; left > 0; left--, rest >>= 1) result = result << 1 | rest & 1;
  return result;
}

/** Finds a symbol by the next bits of a stream. */
export interface PrefixCode {
  /** Bits to look at. */
  readonly bits: number;
  /** By these bits: the symbol shifted left by four, and how many of them it takes; 0: there is none. */
  readonly symbols: Uint16Array;
}

/**
 * Makes a code from the lengths of its symbols.
 *
 * @throws {RangeError} where there are more codes of a length than it has room for
 */
export function prefixCode(lengths: Uint8Array): PrefixCode {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  let bits = MAX_CODE_BITS;
  while (bits > 1 && counts[bits] === 0) bits--;

  const next = new Uint16Array(MAX_CODE_BITS + 2);
  for (let length = 1, code = 0; length <= bits; length++) {
    next[length] = code;
    code += counts[length]!;
    if (code > 1 << length) throw new RangeError("a code has more symbols than it has room for");
    code <<= 1;
  }
  const symbols = new Uint16Array(1 << bits);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const step = 1 << length;
    for (let at = reversed(next[length]!++, length); at < symbols.length; at += step) {
      symbols[at] = symbol << 4 | length;
    }
  }
  return { bits, symbols };
}
