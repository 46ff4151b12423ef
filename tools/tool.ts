/**
 * What the commands have in common: an exit code, an error worded for people, a line for a log.
 *
 * @module
 */
import { configureLog, createLog, type LogLevel } from "../supabase/functions/_shared/log.ts";
import { reportFailure } from "../stack/failure.ts";

const LEVELS: LogLevel[] = ["debug", "info", "warning", "error"];

/** The command and its subcommand; what else was given may be a name or an address. */
function operationOf(command: string): string {
  const [first = ""] = Deno.args;
  return /^[a-z][a-z-]{1,20}$/.test(first) ? `${command} ${first}` : command;
}

/**
 * Runs a command and ends the process with its exit code. Where LOG_LEVEL is set it writes, on standard
 * error, the same structured line as the functions do.
 *
 * @param command its name, as in `deno task NAME`
 */
export async function runTool(command: string, main: () => Promise<number>): Promise<never> {
  const started = performance.now();
  const code = await main().catch(reportFailure);
  const least = LEVELS.find((level) => level === Deno.env.get("LOG_LEVEL"));
  if (least) {
    configureLog({ operation: least, database: least }, (line) => console.error(line));
    createLog("operation", { request_id: crypto.randomUUID() })(
      code === 0 ? "info" : "error",
      operationOf(command),
      {
        exit_code: code,
        outcome: code === 0 ? "ok" : "error",
        duration_ms: Math.round(performance.now() - started),
      },
    );
  }
  Deno.exit(code);
}
