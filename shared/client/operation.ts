import { ChatArchiveError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { boundTo } from "./bound_client.ts";
import type { LogEntry } from "./log_entry.ts";
import { isRepeated } from "./repeated.ts";
import { sessionOf } from "./session.ts";

/** What is known of an operation when it begins. */
export interface OperationFacts {
  /** Name of the method. */
  operation: string;
  chat_id?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The operation does not need the database. */
  anyway?: boolean;
  /** What the method was called with: errors name its fields. */
  input?: object;
}

/** One operation under way. */
export interface Operation {
  /** Its client sends for the user for whom the operation began, and for nobody else. */
  readonly connection: Connection;
  readonly request_id: string;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  /** For one request: aborted by the caller, or after `milliseconds` (options.timeout). */
  limit(milliseconds?: number): AbortSignal;
  /** Adds to the log entry. */
  note(fields: Pick<LogEntry, "count" | "bytes" | "chat_id">): void;
}

/** What callers see of a failure: always our error, with the operation's request id. */
function asArchiveError(thrown: unknown, requestId: string, { supabase }: Connection) {
  const error = thrown instanceof ChatArchiveError
    ? thrown
    : (thrown as Error | undefined)?.name === "TimeoutError"
    ? new ChatArchiveError("database_unavailable", "nobody answers", { cause: thrown })
    : new ChatArchiveError("internal", "something went wrong", { cause: thrown });
  return error.with(
    { requestId: error.requestId ?? requestId },
    // The bucket has an address of its own.
    error.code === "database_unavailable"
      ? error.message.replace(/(reached|answers)$/, (said) => {
        // Without what may be secret in it.
        const { origin, pathname } = supabase["functionsUrl"];
        return `${said} at ${origin + pathname.slice(0, -13)}: does it run there?`;
      })
      : error.message,
  );
}

/** What explains it is loaded when it is needed, and can be. */
const inTermsOf = (error: ChatArchiveError, facts: OperationFacts, connection: Connection) =>
  error.code === "database_unavailable"
    ? error
    : import("./explained.ts").then(({ explained }) => explained(error, facts, connection))
      .catch(() => error);

function begin(connection: Connection, facts: OperationFacts) {
  const started = performance.now();
  const request_id = crypto.randomUUID();
  let noted: Pick<LogEntry, "count" | "bytes" | "chat_id"> = {};
  const { operation: name, chat_id, signal } = facts;
  const operation = {
    connection,
    request_id,
    signal,
    limit(milliseconds = connection.timeout) {
      const timeout = AbortSignal.timeout(milliseconds);
      return signal ? AbortSignal.any([signal, timeout]) : timeout;
    },
    note(fields: typeof noted) {
      noted = { ...noted, ...fields };
    },
  } satisfies Operation;
  const end = (level: LogEntry["level"], outcome: LogEntry["outcome"], code?: string) =>
    connection.log({
      time: new Date().toISOString(),
      level,
      operation: name,
      request_id,
      ...(chat_id ? { chat_id } : {}),
      ...noted,
      duration_ms: Math.round(performance.now() - started),
      outcome,
      ...(code ? { code } : {}),
    });
  return {
    operation,
    async check() {
      signal?.throwIfAborted();
      if (!facts.anyway && !await connection.useDatabase()) {
        throw new ChatArchiveError("database_disabled", "this deployment runs without a database");
      }
      const { supabase, user_id = (await sessionOf(supabase)).user_id } = connection;
      const bound = boundTo(supabase, user_id, isRepeated(name) ? connection.attempts : 0);
      operation.connection = { ...connection, supabase: bound };
    },
    succeeded: () => end("info", "ok"),
    /** @returns what to throw */
    async failed(thrown: unknown): Promise<unknown> {
      if (signal?.aborted) {
        end("info", "aborted");
        return signal.reason;
      }
      const error = await inTermsOf(
        asArchiveError(thrown, request_id, connection),
        facts,
        connection,
      );
      end(error.status >= 500 ? "error" : "warning", "error", error.code);
      return error;
    },
  };
}

/**
 * Runs one operation: request id, time limits, one log entry, one kind of error.
 *
 * @throws {ChatArchiveError} or the reason of the caller's signal
 */
export async function operate<T>(
  connection: Connection,
  facts: OperationFacts,
  work: (operation: Operation) => Promise<T>,
): Promise<T> {
  const { operation, check, succeeded, failed } = begin(connection, facts);
  try {
    await check();
    const result = await work(operation);
    succeeded();
    return result;
  } catch (error) {
    throw await failed(error);
  }
}

/** The same for an operation that gives rows as they come. Its log entry counts them. */
export async function* operateEach<T>(
  connection: Connection,
  facts: OperationFacts,
  work: (operation: Operation) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const { operation, check, succeeded, failed } = begin(connection, facts);
  let count = 0;
  let over = false;
  try {
    await check();
    for await (const item of work(operation)) {
      operation.signal?.throwIfAborted();
      count++;
      yield item;
    }
  } catch (error) {
    over = true;
    operation.note({ count });
    throw await failed(error);
  } finally {
    // Also where the caller stops early.
    if (!over) {
      operation.note({ count });
      succeeded();
    }
  }
}
