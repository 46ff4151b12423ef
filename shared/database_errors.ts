import { ChatArchiveError, type ErrorCode, type ExceededQuota, fieldError } from "./errors.ts";

/** The error that supabase-js gives for a failed query. */
export interface QueryError {
  /** SQLSTATE, PostgREST's own code, or empty where no answer came. */
  code?: string;
  message: string;
  details?: string | null;
  hint?: string | null;
}

/** Of an address that is another server's, or not that of the API alone. */
const NOT_OURS: [ErrorCode, string] = ["database_unavailable", "no Supabase API answers"];

/** First match decides. SQLSTATEs are PostgreSQL's ("Appendix A"), PGRST codes are PostgREST's. */
const CODES: [RegExp, ErrorCode, string][] = [
  [/^23503$/, "not_found", "no such row"],
  [/^23505$/, "conflict", "the id is taken"],
  [/^42501$/, "forbidden", "the database refuses this operation"],
  [/^(40001|40P01|57|08|53)/, "database_unavailable", "the database did not answer in time"],
  [/^(22|23502|23514|428C9)/, "invalid_request", "a value is not allowed"],
  [/^54/, "payload_too_large", "a value is too large or too deep"],
  [/^PT429$/, "quota_exceeded", "a quota is used up"],
  [/^PGRST116$/, "not_found", "no such row"],
  [/^PGRST00/, "database_unavailable", "the database can't be reached"],
  [/^PGRST125$/, ...NOT_OURS],
  [/^(PGRST1|PGRST204$|42703$)/, "invalid_request", "the query is not valid"],
  // No code: the request itself failed (network), or a gateway answered something else.
  [/^$/, "database_unavailable", "the database can't be reached"],
];

/** What a gateway means that answers before the database does, by HTTP status; it has no code of ours. */
const STATUSES: Record<number, [ErrorCode, string]> = {
  200: NOT_OURS,
  404: NOT_OURS,
  403: ["forbidden", "a gateway refuses this request"],
  413: ["payload_too_large", "a gateway refuses this size"],
  429: ["rate_limited", "too many requests"],
};

/** SQLSTATEs with which the functions and triggers of the schema say `field: what is allowed`. */
const RAISED = /^(2350[35]|220[02]3)$/;

/** Constraints are named `<table>_<column>_<rule>`. */
const CONSTRAINT =
  /constraint "(?:chats|chat_messages|chat_documents|chat_images|search_results|uploads|storage_deletions|quotas|usage)_(\w+)"/;
const RULE =
  /_(not_blank|size|is_object|is_array|is_own|known|unsigned|positive|hex|finite|box|boxes|range|counted|of_image|of_document|given|complete|key)$/;

/** What is left of the names of those that are about several columns. */
const COLUMN_OF: Record<string, string> = {
  pkey: "id",
  id_user_id: "id",
  id_chat_id: "id",
  chat_id_seq: "seq",
};

/** Column that a message of PostgreSQL or PostgREST names, by itself or by a constraint. */
function columnOf(message: string): string | undefined {
  const column = /column "(\w+)"|'(\w+)' column/.exec(message)?.slice(1).find(Boolean);
  if (column) return column;
  const rest = CONSTRAINT.exec(message)?.[1]?.replace(RULE, "");
  // The keys `chat_fkey` and `user_id_fkey` are about chat_id and user_id.
  return rest && (COLUMN_OF[rest] ?? rest.replace(/(_id)?_fkey$/, "_id"));
}

/** What a trigger says of the quota that is used up, as JSON. */
function quotaOf({ code, message, details }: QueryError): ChatArchiveError | undefined {
  if (code !== "PT429") return undefined;
  try {
    const quota: ExceededQuota | null = JSON.parse(details ?? "");
    if (quota?.quota) return new ChatArchiveError("quota_exceeded", message, { details: quota });
  } catch {
    // An error of the application's own.
  }
  return undefined;
}

/**
 * Turns a failed query into the error that callers see, with the field that is wrong in its details
 * where the database names it. The text of PostgreSQL stays in the cause; what the schema itself says
 * is passed on.
 *
 * @param status of the answer, where one came
 * @returns code `internal` for what no caller can fix, such as a missing table
 */
export function databaseError(error: QueryError, status?: number): ChatArchiveError {
  const code = error.code ?? "";
  const quota = quotaOf(error);
  if (quota) return quota;
  // PostgREST refuses nobody in particular with 42501 and this status.
  if (status === 401 || /^PGRST30/.test(code)) {
    return new ChatArchiveError("unauthorized", "not authorized", { cause: error });
  }
  const match = CODES.find(([pattern]) => pattern.test(code));
  const gateway = /^(PGRST|\w{5}$)/.test(code) ? undefined : STATUSES[status ?? 0];
  if (gateway) return new ChatArchiveError(...gateway, { cause: error });
  if (!match) return new ChatArchiveError("internal", "the query failed", { cause: error });
  const [, ours, message] = match;
  const raised = RAISED.test(code) ? /^([a-z_]+): (.+)$/.exec(error.message) : null;
  if (raised) return fieldError(ours, [raised[1]!], raised[2]!, { cause: error });
  const column = ["invalid_request", "not_found", "conflict"].includes(ours)
    ? columnOf(error.message)
    : undefined;
  return column
    ? fieldError(ours, [column], message, { cause: error })
    : new ChatArchiveError(ours, message, { cause: error });
}
