/**
 * Patch of @supabase/lite 0.10.0: it passes PostgreSQL's text of a timestamptz through
 * (`2026-11-22 15:27:34.89+00`), where PostgREST answers `2026-11-22T15:27:34.89+00:00`.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */

/** The type timestamptz, for postgres.js. */
export const timestamptz = {
  to: 1184,
  from: [1184],
  serialize: (value: string) => value,
  parse: (text: string) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
};
