/**
 * Patch of @supabase/lite 0.10.0: for most errors of the database (23514, 22xxx, 57014 and others) it
 * answers 500 without a code, where PostgREST answers with the SQLSTATE and a status that fits.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */
import { PostgresConnection } from "@supabase/lite/postgres";

/** PostgREST's statuses by SQLSTATE (its documentation, "Errors"); the first match counts. */
const STATUS_BY_SQLSTATE: [RegExp, number][] = [
  // A null character in the query becomes part of a statement: the request is wrong, not the line.
  [/^08P01/, 400],
  [/^(08|53|57P0[123])/, 503],
  [/^(23503|23505)/, 409],
  [/^(42883|42P01)/, 404],
  [/^(28|0L|0P)/, 403],
  [/^25006/, 405],
  [/^54/, 413],
  [/^P0001/, 400],
  [/^(09|25|2D|38|39|3B|40|55|57|58|F0|HV|P0|XX|42P17)/, 500],
  [/^[0-9A-Z]{5}$/, 400],
];

const CONNECTION_LOST =
  /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|CONNECT_|CONNECTION_|08(?!P01)|57P0[123]|53300)/;

/** What PostgREST answers, with 503, while it has no database. */
export const NO_DATABASE = {
  code: "PGRST001",
  message: "Database connection error. Retrying the connection.",
  details: null,
  hint: null,
};

/** lite renders an error of this shape as it stands; the code is PostgREST's own for such errors. */
function rendered(status: number, body: Record<string, unknown>) {
  return {
    code: "PGRST",
    message: JSON.stringify(body),
    detail: JSON.stringify({ status, headers: {} }),
  };
}

/** A connection of lite whose errors are rendered as PostgREST renders them. */
export class Connection extends PostgresConnection {
  override normalizeDbError(thrown: unknown): unknown {
    const error = thrown as {
      code?: unknown;
      message?: string;
      detail?: string;
      hint?: string;
    };
    if (typeof error?.code !== "string") return thrown;
    const { code, message, detail, hint } = error;
    if (CONNECTION_LOST.test(code)) return rendered(503, NO_DATABASE);
    // lite's own mapping is right for these, and depends on the role.
    if (["42501", "42P01", "42883", "42703", "PGRST"].includes(code) || /^PT\d/.test(code)) {
      return thrown;
    }
    const status = STATUS_BY_SQLSTATE.find(([pattern]) => pattern.test(code))?.[1];
    if (!status) return thrown;
    return rendered(status, { code, message, details: detail, hint });
  }
}
