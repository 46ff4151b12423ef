import { fieldError } from "../errors.ts";
import { storableJson } from "../storable.ts";
import { type Boxes, boxesOf } from "./boxes.ts";

/** Columns whose text has several forms for one value. */
const TIMES = new Set(["created_at"]);
const IDS = new Set(["id", "chat_id", "message_id", "document_id", "parent_id"]);
/** One box is stored as it was given, and read as a list of one. */
const BOXES = new Set(["coords_norm", "coords_px"]);

/** A value as it is stored. */
const jsonOf = (value: unknown) => JSON.parse(storableJson(JSON.stringify(value ?? null)));

/** Equality of JSON values, whatever the order of keys: jsonb does not keep it. */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return Array.isArray(a) === Array.isArray(b) && left.length === right.length &&
    left.every(([key, item]) => key in b && sameJson(item, (b as Record<string, unknown>)[key]));
}

/** Whether a column holds the value that was sent. */
export function sameValue(column: string, sent: unknown, stored: unknown): boolean {
  if (TIMES.has(column)) return Date.parse(String(sent)) === Date.parse(String(stored));
  if (IDS.has(column) && typeof sent === "string") return sent.toLowerCase() === stored;
  if (BOXES.has(column)) return sameJson(boxesOf(sent as Boxes), boxesOf(stored as Boxes));
  return sameJson(jsonOf(sent), stored ?? null);
}

/** Says which of the fields differ. @throws {ChatArchiveError} `conflict` */
export function assertSame(wanted: object, stored: object | undefined): void {
  const different = Object.entries(wanted).find(([column, value]) =>
    !sameValue(column, value, (stored as Record<string, unknown> | undefined)?.[column])
  );
  if (stored && !different) return;
  const field = stored ? different![0] : "id";
  throw fieldError("conflict", [field], "the id is taken by a row with another value");
}
