/**
 * Values of a framework as the database can hold them. PostgreSQL's jsonb refuses U+0000 and lone
 * surrogates, and takes a whole value `chat-archive:image/<id>` for the name of a file, also where a
 * user has typed it: such texts are written as `chat-archive:json/` and the text as a JSON literal.
 *
 * @module
 */
import type { Json } from "../../database.types.ts";
import { fieldError } from "../../errors.ts";
import { isStorable } from "../../storable.ts";
import { LITERAL } from "./original_json.ts";

const OWN = "chat-archive:";
/** More than any message has; what is nested in itself ends here too. */
const MAX_DEPTH = 400;

/** Where a value is: names and indexes, from the outside in. */
export type Path = (string | number)[];

/** A text as it is stored. */
export function storedText(text: string): string {
  const isPlain = !text.startsWith(OWN) && isStorable(text);
  return isPlain ? text : LITERAL + JSON.stringify(text);
}

/** What it is, where it is no JSON. */
function kindOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "object" ? Object.prototype.toString.call(value) : typeof value;
}

const isPlainObject = (value: object) =>
  kindOf(value) === "[object Object]" && !("toJSON" in value);

/**
 * A copy of a value as it is stored. Fields that are undefined are left out, as in JSON.
 *
 * @param path of the value, for the error
 * @throws {ChatArchiveError} `invalid_request` where it is no JSON: what would come back is another value
 */
export function storedJson(value: unknown, path: Path, depth = 0): Json {
  if (typeof value === "string") return storedText(value);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return value as Json;
  if (depth > MAX_DEPTH) {
    throw fieldError("invalid_request", path, `at most ${MAX_DEPTH} levels, and no circle`);
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => storedJson(item, [...path, index], depth + 1));
  }
  if (typeof value !== "object" || !isPlainObject(value!)) {
    throw fieldError("invalid_request", path, `must be JSON, and is ${kindOf(value)}`);
  }
  return Object.fromEntries(
    Object.entries(value!).filter(([, item]) => item !== undefined).map(([key, item]) => [
      storedText(key),
      storedJson(item, [...path, key], depth + 1),
    ]),
  );
}
