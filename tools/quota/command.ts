import type { PostgrestError } from "@supabase/supabase-js";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { Failure, misuse, unreachable } from "../../stack/failure.ts";
import type { Verb } from "../command.ts";
import type { Terminal } from "../terminal.ts";

/** Limits, as quotas has them. */
export type Limits = Omit<Tables["quotas"]["Row"], "id" | "user_id">;

/** What a verb works with. */
export interface QuotaCall {
  /** The database past row level security: only service_role may write quotas. */
  admin: ArchiveClient;
  /** The arguments after the verb. */
  positionals: string[];
  /** The values of the verb's own options. */
  options: Record<string, string | boolean | undefined>;
  /** Print JSON. */
  json: boolean;
  terminal: Terminal;
}

/** One verb of `deno task quota`. */
export interface QuotaCommand extends Verb {
  /** Lines of the help: what it does. */
  does: string[];
  run(call: QuotaCall): Promise<void>;
}

/** The columns of the limits, none other. */
export const LIMIT_COLUMNS = "max_chats, max_text_bytes, max_objects, max_file_bytes";

/** The id of a user. @throws {Failure} where it is none */
export function userOf(word: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) return word.toLowerCase();
  throw misuse(`${word} is no user's id`, "It is a UUID: auth.users has it.");
}

/** Data of an answer. @throws {Failure} where there is none: what to do about it */
export async function answerOf<T>(
  request: PromiseLike<{ data: T; error: PostgrestError | null; status: number }>,
): Promise<NonNullable<T>> {
  const { data, error, status } = await request;
  if (!error) return data as NonNullable<T>;
  if (error.code === "23503") {
    throw new Failure("there is no such user", "The id is the one in auth.users.", {
      cause: error,
    });
  }
  if (status === 0) {
    throw unreachable(
      `the API does not answer: ${error.message}`,
      "Correct SUPABASE_URL, or see whether it can be reached from here.",
      { cause: error },
    );
  }
  if (status === 401 || status === 403) {
    throw unreachable(
      `the API refuses the key: ${error.message}`,
      "Correct SUPABASE_SERVICE_KEY: it is the project's secret key.",
      { cause: error },
    );
  }
  throw unreachable(
    `the database does not do it: ${error.message}`,
    "`deno task db status` tells whether its migrations are applied.",
    { cause: error },
  );
}

/** The limits of a user or, for null, the default row; undefined where there is no such row. */
export async function limitsOf(
  admin: ArchiveClient,
  user: string | null,
): Promise<Limits | undefined> {
  const rows = admin.from("quotas").select(LIMIT_COLUMNS);
  const [row] = await answerOf(user === null ? rows.is("user_id", null) : rows.eq("user_id", user));
  return row;
}
