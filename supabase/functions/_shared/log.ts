/**
 * Structured log lines, one JSON object each, on standard output for the platform's log collector.
 *
 * @module
 */
import {
  configureSync,
  getLogger,
  getThrottlingFilter,
  type LogRecord,
  type Sink,
} from "@logtape/logtape";

/** How serious a log line is. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** What a line is about: the work of functions and tools, or one query of theirs. */
export type LogCategory = "operation" | "database";

/** Writes one structured line. */
export type Log = (level: LogLevel, operation: string, fields?: Record<string, unknown>) => void;

/** The least level of each category that is written. */
export interface LogLevels {
  operation: LogLevel;
  database: LogLevel;
}

/** Characters of a line (the platform's limit is 10,000) and of one text in it. */
const MAX_LINE_CHARACTERS = 9_000;
const MAX_TEXT_CHARACTERS = 2_000;

const ROOT = "chat-archive";

/**
 * Name, code, message and causes of an error. Never its fields, which may hold requests with their
 * headers; of a failed query its code only, since PostgreSQL quotes values in its messages; of an address
 * not what follows the question mark, since fetch quotes signed URLs.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) {
    const { code } = (error ?? {}) as { code?: unknown };
    return `query failed (${code || "no answer"})`;
  }
  const code = "code" in error ? ` (${error.code})` : "";
  const cause = error.cause === undefined ? "" : ` <- ${describeError(error.cause)}`;
  const message = error.message.replace(/(\w:\/\/[^\s?]*)\?[^\s)"']*/g, "$1?…");
  return `${error.name}${code}: ${message}${cause}`.slice(0, MAX_TEXT_CHARACTERS);
}

/** One line: time, level and operation first, then the fields. */
function format({ timestamp, level, properties }: LogRecord): string {
  const { operation, ...fields } = properties;
  const head = { time: new Date(timestamp).toISOString(), level, operation };
  const line = JSON.stringify({ ...head, ...fields });
  // A line that is cut is no JSON any more: rather fewer fields, and a word about it.
  return line.length <= MAX_LINE_CHARACTERS ? line : JSON.stringify({
    ...head,
    request_id: fields["request_id"],
    truncated: line.length,
  });
}

/**
 * Sets up the log of this process.
 *
 * @param write receives each line, by default standard output
 */
export function configureLog(
  levels: LogLevels,
  write: (line: string) => void = (line) => console.log(line),
): void {
  const sink: Sink = (record) => write(format(record));
  configureSync({
    reset: true,
    sinks: { lines: sink },
    filters: {
      // The platform keeps 100 events in 10 seconds: queries must not push operations out.
      sparing: getThrottlingFilter({ limit: 50, windowMs: 10_000, key: () => "database" }),
    },
    loggers: [
      { category: [ROOT, "operation"], lowestLevel: levels.operation, sinks: ["lines"] },
      {
        category: [ROOT, "database"],
        lowestLevel: levels.database,
        sinks: ["lines"],
        filters: ["sparing"],
      },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
}

/** @param context fields of every line, for example the request id */
export function createLog(category: LogCategory, context: Record<string, unknown> = {}): Log {
  const logger = getLogger([ROOT, category]).with(context);
  return (level, operation, fields = {}) => logger[level](operation, { operation, ...fields });
}
