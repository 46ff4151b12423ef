/**
 * Reads a JSON object value by value, and its arrays row by row, so that no more than a row is ever in
 * memory. Finds where values end; what is in them JSON.parse checks.
 *
 * @module
 */
import { damaged, tooLarge } from "./damage.ts";
import { isSpace, JSON_BYTES } from "./json_bytes.ts";
import { ValueScanner } from "./value_scanner.ts";

const { COMMA, COLON, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT } = JSON_BYTES;

/** A value of the object, or one row of an array in it. */
export interface JsonValue {
  key: string;
  /** Of the row; undefined for a value that is not an array, and for the beginning of one. */
  index: number | undefined;
  /** An array begins as an empty one; its rows follow. */
  value: unknown;
}

/** What one value or row may have. */
export interface RowLimits {
  bytes: number;
  /** Arrays, objects, what follows the first thing in each, and keys, which count twice. */
  elements: number;
}

/** What a file may have. */
export interface JsonLimits {
  /** Bytes. */
  all: number;
  /** By the key that a value or row belongs to. */
  row(key: string): RowLimits;
}

/** A name longer than all there are is quoted in no answer. */
const KEY_LIMITS: RowLimits = { bytes: 1024, elements: 0 };

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

/** Reads one object, chunk by chunk. */
class ObjectReader {
  #limits: JsonLimits;
  #expecting: Expecting = "object";
  #key = "";
  #index: number | undefined;
  /** Of the value that has begun and not ended. */
  #scanner: ValueScanner | undefined;
  #maxBytes = 0;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Bytes before the current chunk. */
  #offset = 0;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  get #path(): (string | number)[] {
    return this.#key === ""
      ? []
      : this.#index === undefined
      ? [this.#key]
      : [this.#key, this.#index];
  }

  #wrong(message: string, at: number, cause?: unknown) {
    return damaged(this.#path, `${message}, at byte ${this.#offset + at}`, cause);
  }

  /** The values that end in a chunk. */
  *read(chunk: Uint8Array): Generator<JsonValue> {
    if (this.#offset + chunk.length > this.#limits.all) {
      throw tooLarge("the JSON", this.#limits.all);
    }
    let at = 0;
    // A byte order mark, which some editors write.
    if (this.#offset === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) at = 3;
    while (at < chunk.length) {
      if (this.#scanner) {
        const end = this.#scan(this.#scanner, chunk, at);
        if (end < 0) break;
        at = end;
        this.#scanner = undefined;
        const value = this.#ended(at);
        if (value) yield value;
      } else if (isSpace(chunk[at]!)) at++;
      else {
        const began = this.#structure(chunk[at]!, at);
        if (began) yield began;
        // A value begins with its first byte.
        if (!this.#scanner) at++;
      }
    }
    this.#offset += chunk.length;
  }

  /** @throws {ChatArchiveError} `invalid_request` where something is missing */
  end(): void {
    if (this.#expecting !== "nothing") throw this.#wrong("the JSON ends too early", 0);
  }

  /** Collects a value. @returns index after its last byte, or -1 where it goes on */
  #scan(scanner: ValueScanner, chunk: Uint8Array, at: number): number {
    let end: number;
    try {
      end = scanner.scan(chunk, at);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw this.#wrong(cause.message, at);
    }
    const part = chunk.subarray(at, end < 0 ? chunk.length : end);
    this.#length += part.length;
    if (this.#length > this.#maxBytes) {
      throw tooLarge(this.#path.join(".") || "a key", this.#maxBytes);
    }
    // The chunk's memory may be used again by whoever gave it.
    this.#parts.push(part.slice());
    return end;
  }

  /** A value has ended. @returns it, unless it was a key */
  #ended(at: number): JsonValue | undefined {
    const value = this.#parse(at);
    if (this.#expecting !== "key") {
      this.#expecting = this.#index === undefined ? "comma" : "comma in array";
      return { key: this.#key, index: this.#index, value };
    }
    if (typeof value !== "string") throw this.#wrong("a name is expected", at);
    this.#key = value;
    this.#expecting = "colon";
  }

  #parse(at: number): unknown {
    const bytes = new Uint8Array(this.#length);
    this.#parts.reduce((start, part) => (bytes.set(part, start), start + part.length), 0);
    [this.#parts, this.#length] = [[], 0];
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (cause) {
      throw this.#wrong("this is not JSON", at, cause);
    }
  }

  /** Takes a byte that stands between values, or begins one. @returns an array that begins */
  #structure(byte: number, at: number): JsonValue | undefined {
    switch (this.#expecting) {
      case "object":
        if (byte !== OPEN_OBJECT) throw this.#wrong("this is not a JSON object", at);
        this.#expecting = "key or end";
        return;
      case "key or end":
        if (byte === CLOSE_OBJECT) this.#expecting = "nothing";
        else this.#beginKey();
        return;
      case "key":
        return this.#beginKey();
      case "colon":
        if (byte !== COLON) throw this.#wrong("a colon is expected", at);
        this.#expecting = "value";
        return;
      case "value":
        return byte === OPEN_ARRAY ? this.#beginArray() : this.#begin();
      case "row or end":
        return byte === CLOSE_ARRAY ? this.#endArray() : this.#begin();
      case "row":
        return this.#begin();
      case "comma in array":
        if (byte === CLOSE_ARRAY) return this.#endArray();
        if (byte !== COMMA) throw this.#wrong("a comma is expected", at);
        this.#index!++;
        this.#expecting = "row";
        return;
      case "comma":
        if (byte !== COMMA && byte !== CLOSE_OBJECT) throw this.#wrong("a comma is expected", at);
        this.#expecting = byte === COMMA ? "key" : "nothing";
        return;
      case "nothing":
        throw damaged([], `something follows the end, at byte ${this.#offset + at}`);
    }
  }

  #begin({ bytes, elements }: RowLimits = this.#limits.row(this.#key)): undefined {
    this.#scanner = new ValueScanner(elements);
    this.#maxBytes = bytes;
  }

  #beginKey(): undefined {
    [this.#key, this.#index] = ["", undefined];
    this.#expecting = "key";
    this.#begin(KEY_LIMITS);
  }

  /** Also of an empty array its reader has to know that it is there. */
  #beginArray(): JsonValue {
    this.#index = 0;
    this.#expecting = "row or end";
    return { key: this.#key, index: undefined, value: [] };
  }

  #endArray(): undefined {
    this.#index = undefined;
    this.#expecting = "comma";
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
  const reader = new ObjectReader(limits);
  for await (const chunk of chunks) yield* reader.read(chunk);
  reader.end();
}
