/**
 * Text that PostgreSQL can store: no null character, no half of a surrogate pair. The latter is what
 * remains of an emoji where a stream is cut.
 *
 * @module
 */

/** Takes the place of each character that can't be stored. */
const REPLACEMENT = "\ufffd";

/** Such characters as JSON.stringify writes them; before them any number of whole escaped backslashes. */
const ESCAPED = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** Whether a text can be stored as it is. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** A text with U+FFFD for each character that can't be stored. */
export const storableText = (text: string): string =>
  text.toWellFormed().replaceAll("\0", REPLACEMENT);

/**
 * The same for JSON as JSON.stringify writes it, names of fields included. Of two names that become equal
 * a reader takes the later one.
 */
export function storableJson(json: string): string {
  return json.includes("\\u") ? json.replace(ESCAPED, `$1${REPLACEMENT}`) : json;
}

/** The same for a value; what is neither JSON nor a list of it, such as a Blob, stays as it is. */
export function storable<T>(value: T): T {
  if (typeof value === "string") return storableText(value) as T;
  if (Array.isArray(value)) return value.map(storable) as T;
  if (value === null || typeof value !== "object") return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [storableText(name), storable(inner)]),
  ) as T;
}
