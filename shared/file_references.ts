/**
 * How parts of messages name images and documents: by their ids, never by an address, which expires.
 * The database finds the same names (`private.named_files`).
 *
 * @module
 */
import type { Json } from "./database.types.ts";
import type { Kind } from "./object-keys.ts";

/** A whole value that names a file. */
const REFERENCE = /^chat-archive:(image|document)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The value that names a file. */
export function referenceTo(kind: Kind, id: string): string {
  return `chat-archive:${kind}/${id}`;
}

/**
 * Writes other values in place of those that name files, wherever they stand.
 *
 * @param rename gives the value that stands there from now on
 * @returns a copy
 */
export function replaceReferences(
  value: Json,
  rename: (kind: Kind, id: string) => string,
): Json {
  if (typeof value === "string") {
    const [, kind, id] = REFERENCE.exec(value) ?? [];
    return id === undefined ? value : rename(kind as Kind, id);
  }
  if (Array.isArray(value)) return value.map((item) => replaceReferences(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaceReferences(item!, rename)]),
  );
}
