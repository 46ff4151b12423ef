/**
 * Patch of @supabase/lite 0.10.0: it hands arrays for jsonb columns and parameters to the driver as
 * JSON text, which the driver then encodes once more, so that a string is stored.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */

/** The type jsonb, for postgres.js. No column or parameter of ours is a bare JSON string. */
export const jsonb = {
  to: 3802,
  from: [3802],
  serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
  parse: (text: string) => JSON.parse(text),
};
