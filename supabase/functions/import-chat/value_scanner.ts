import { isSpace, JSON_BYTES } from "./json_bytes.ts";

const { QUOTE, BACKSLASH, COMMA, COLON, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT } =
  JSON_BYTES;

/** How deep values may be nested: whatever looks into them does so by recursion. */
const MAX_DEPTH = 500;

/**
 * Finds the end of one JSON value, over any number of chunks. What would be too much is refused before
 * anything is built of it: a million empty arrays take 3 MB of text and 50 MB of memory.
 */
export class ValueScanner {
  #depth = 0;
  /** Containers that have begun, commas, and keys twice: the database writes each as two bytes at least. */
  #elements = 0;
  #maxElements: number;
  #inString = false;
  #escaped = false;
  /** Strings and containers end by themselves, numbers and words by what comes after them. */
  #bare = false;
  #begun = false;

  /** @param maxElements arrays, objects, what follows the first thing in each, and keys twice */
  constructor(maxElements: number) {
    this.#maxElements = maxElements;
  }

  /**
   * @returns index after the value's last byte, or -1 where it goes on in the next chunk
   * @throws {RangeError} where it is nested too deep, or has too many elements
   */
  scan(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return at + 1;
        }
        continue;
      }
      if (byte === QUOTE) {
        if (this.#bare) return at;
        this.#inString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (this.#bare) return at;
        if (++this.#depth > MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} deep`);
        this.#count();
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (this.#depth === 0) return at;
        if (--this.#depth === 0) return at + 1;
      } else if (this.#depth === 0) {
        if (this.#begun && (byte === COMMA || isSpace(byte))) return at;
        this.#bare = true;
      } else if (byte === COMMA) this.#count();
      else if (byte === COLON) this.#count(2);
      this.#begun = true;
    }
    return -1;
  }

  #count(elements = 1) {
    this.#elements += elements;
    if (this.#elements > this.#maxElements) {
      throw new RangeError(`it has more than ${this.#maxElements} elements`);
    }
  }
}
