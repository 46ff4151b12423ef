/**
 * Reads a JSON object value by value, and its arrays row by row, so that no more than a row is ever in
 * memory. Finds where values end; what is in them JSON.parse checks.
 *
 * @module
 */
import { damaged, tooLarge } from "./damage.ts";

/** A value of the object, or one row of an array in it. */
export interface JsonValue {
  key: string;
  /** Of the row; undefined for a value that is not an array, and for the beginning of one. */
  index: number | undefined;
  /** An array begins as an empty one; its rows follow. */
  value: unknown;
}

/** Bytes of the parts. */
export interface JsonLimits {
  all: number;
  /** Of one value or row. */
  row: number;
}

/** How deep values may be nested: whatever looks into them does so by recursion. */
const MAX_DEPTH = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What may come next, between two values. */
type Expecting =
  | "object"
  | "key or end"
  | "key"
  | "colon"
  | "value"
  | "row or end"
  | "row"
  | "comma in array"
  | "comma"
  | "nothing";

/** Finds the end of one value, over any number of chunks. */
class ValueScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Strings and containers end by themselves, numbers and words by what comes after them. */
  #bare = false;
  #begun = false;

  /** @returns index after the value's last byte, or -1 where it goes on in the next chunk */
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

/**
 * Reads the values of an object, in their order.
 *
 * @throws {ChatArchiveError} `invalid_request` with the place where it is not JSON, or ends too early;
 *   `payload_too_large`
 */
export async function* readJsonValues(
  chunks: AsyncIterable<Uint8Array>,
  limits: JsonLimits,
): AsyncGenerator<JsonValue> {
  let expecting: Expecting = "object";
  let key = "";
  let index: number | undefined;
  let scanner: ValueScanner | undefined;
  let parts: Uint8Array[] = [];
  let length = 0;
  /** Bytes before the current chunk. */
  let offset = 0;

  const place = () => key === "" ? [] : index === undefined ? [key] : [key, index];
  const wrong = (message: string, at: number, cause?: unknown) =>
    damaged(place(), `${message}, at byte ${offset + at}`, cause);

  function collect(part: Uint8Array) {
    length += part.length;
    if (length > limits.row) throw tooLarge(place().join(".") || "a key", limits.row);
    // The chunk's memory may be used again by whoever gave it.
    parts.push(part.slice());
  }

  function parse(at: number): unknown {
    const bytes = new Uint8Array(length);
    parts.reduce((start, part) => (bytes.set(part, start), start + part.length), 0);
    parts = [];
    length = 0;
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (cause) {
      throw wrong("this is not JSON", at, cause);
    }
  }

  for await (const chunk of chunks) {
    if (offset + chunk.length > limits.all) throw tooLarge("the JSON", limits.all);
    let at = 0;
    // A byte order mark, which some editors write.
    if (offset === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) at = 3;
    while (at < chunk.length) {
      if (scanner) {
        let end: number;
        try {
          end = scanner.scan(chunk, at);
        } catch (cause) {
          if (!(cause instanceof RangeError)) throw cause;
          throw wrong(cause.message, at);
        }
        collect(chunk.subarray(at, end < 0 ? chunk.length : end));
        if (end < 0) break;
        at = end;
        scanner = undefined;
        const value = parse(at);
        if (expecting === "key") {
          if (typeof value !== "string") throw wrong("a name is expected", at);
          key = value;
          expecting = "colon";
        } else {
          yield { key, index, value };
          expecting = index === undefined ? "comma" : "comma in array";
        }
        continue;
      }
      const byte = chunk[at]!;
      if (isSpace(byte)) {
        at++;
        continue;
      }
      switch (expecting) {
        case "object":
          if (byte !== OPEN_OBJECT) throw wrong("this is not a JSON object", at);
          expecting = "key or end";
          at++;
          break;
        case "key or end":
        case "key":
          if (byte === CLOSE_OBJECT && expecting === "key or end") {
            expecting = "nothing";
            at++;
          } else {
            [key, index] = ["", undefined];
            expecting = "key";
            scanner = new ValueScanner();
          }
          break;
        case "colon":
          if (byte !== COLON) throw wrong("a colon is expected", at);
          expecting = "value";
          at++;
          break;
        case "value":
          if (byte === OPEN_ARRAY) {
            // Also of an empty one its reader has to know that it is there.
            yield { key, index, value: [] };
            index = 0;
            expecting = "row or end";
            at++;
          } else scanner = new ValueScanner();
          break;
        case "row or end":
        case "row":
          if (byte === CLOSE_ARRAY && expecting === "row or end") {
            index = undefined;
            expecting = "comma";
            at++;
          } else scanner = new ValueScanner();
          break;
        case "comma in array":
          if (byte === COMMA) {
            index = index! + 1;
            expecting = "row";
          } else if (byte === CLOSE_ARRAY) {
            index = undefined;
            expecting = "comma";
          } else throw wrong("a comma is expected", at);
          at++;
          break;
        case "comma":
          if (byte === COMMA) expecting = "key";
          else if (byte === CLOSE_OBJECT) expecting = "nothing";
          else throw wrong("a comma is expected", at);
          at++;
          break;
        case "nothing":
          throw damaged([], `something follows the end, at byte ${offset + at}`);
      }
    }
    offset += chunk.length;
  }
  if (expecting !== "nothing") throw wrong("the JSON ends too early", 0);
}
