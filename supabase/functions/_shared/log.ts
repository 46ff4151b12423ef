/** How serious a log line is. */
export type LogLevel = "debug" | "info" | "warning" | "error";

const ORDER: LogLevel[] = ["debug", "info", "warning", "error"];

/** Writes one structured line. */
export type Log = (level: LogLevel, operation: string, fields?: Record<string, unknown>) => void;

/**
 * Name, code, message and causes of an error. Never its fields, which may hold requests with their
 * headers; of a failed query its code only, since PostgreSQL quotes values in its messages.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) {
    const { code } = (error ?? {}) as { code?: unknown };
    return `query failed (${code || "no answer"})`;
  }
  const code = "code" in error ? ` (${error.code})` : "";
  const cause = error.cause === undefined ? "" : ` <- ${describeError(error.cause)}`;
  return `${error.name}${code}: ${error.message}${cause}`.slice(0, 2000);
}

/**
 * Makes a log that writes JSON lines to standard output, for the platform's log collector.
 *
 * @param least   level below which nothing is written
 * @param context fields of every line, for example the request id
 */
export function createLog(least: LogLevel, context: Record<string, unknown>): Log {
  return (level, operation, fields = {}) => {
    if (ORDER.indexOf(level) < ORDER.indexOf(least)) return;
    const line = { time: new Date().toISOString(), level, operation, ...context, ...fields };
    console.log(JSON.stringify(line).slice(0, 10_000));
  };
}
