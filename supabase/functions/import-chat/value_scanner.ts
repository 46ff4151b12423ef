import { isSpace, JSON_BYTES } from "./json_bytes.ts";

const { QUOTE, BACKSLASH, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT } = JSON_BYTES;

/** How deep values may be nested: whatever looks into them does so by recursion. */
const MAX_DEPTH = 500;

/** Finds the end of one JSON value, over any number of chunks. */
export class ValueScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Strings and containers end by themselves, numbers and words by what comes after them. */
  #bare = false;
  #begun = false;

  /**
   * @returns index after the value's last byte, or -1 where it goes on in the next chunk
   * @throws {RangeError} where it is nested too deep
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
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (this.#depth === 0) return at;
        if (--this.#depth === 0) return at + 1;
      } else if (this.#depth === 0) {
        if (this.#begun && (byte === COMMA || isSpace(byte))) return at;
        this.#bare = true;
      }
      this.#begun = true;
    }
    return -1;
  }
}
