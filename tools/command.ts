/**
 * What all commands of `deno task` have in common: options, `--help`, exit codes, errors worded for
 * people, a line for a log.
 *
 * @module
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { configureLog, createLog, type LogLevel } from "../supabase/functions/_shared/log.ts";
import { asTyped } from "../stack/as_typed.ts";
import { EXIT, misuse, reportFailure } from "../stack/failure.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** What was typed after a command's name, without its verb and its options. */
interface Arguments {
  /** How many it takes, at least and at most; by default none. */
  takes?: readonly [least: number, most: number];
  /** Its own options; those that are not declared are refused. */
  options?: ParseArgsOptionsConfig;
}

/** One of the verbs of a command: `up` of `deno task db up`. */
export interface Verb extends Arguments {
  /** What to type after the command's name. */
  usage: string;
}

/** The values of options, by their names. */
export type Values<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>["values"];

/** What a command works with. */
export interface Invocation<O extends ParseArgsOptionsConfig> extends Surroundings {
  /** Empty for a command without verbs. */
  verb: string;
  /** Of the command's options, and of its verb's. */
  values: Values<O>;
  positionals: string[];
}

/** What a command sees of the world. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  terminal: Terminal;
}

/** A command: `deno task NAME`. */
export interface Command<O extends ParseArgsOptionsConfig = ParseArgsOptionsConfig>
  extends Arguments {
  name: string;
  /** The text of `--help`, without the exit codes that all commands share. */
  help: string | (() => Promise<string>);
  options?: O;
  verbs?: Record<string, Verb>;
  /** @returns the exit code, by default {@link EXIT}.done */
  // A method, so that a command of any options is a Command.
  run(invocation: Invocation<O>): Promise<number | void>;
}

/** Declares a command; its options give the types of what `run` is given. */
export function defineCommand<const O extends ParseArgsOptionsConfig>(
  command: Command<O>,
): Command<O> {
  return command;
}

const HELP_OPTION = { help: { type: "boolean", short: "h" } } as const;

const EXIT_CODES = `Exit codes: 0 done. 1 failed. 2 wrong arguments or settings. 3 not reachable: no
stack is running, or a database, a bucket or an API does not answer.`;

/** The verb, and whether help is wanted, whatever else is wrong. */
function look({ options, verbs = {} }: Command, args: string[]) {
  const all = Object.values(verbs).map((verb) => verb.options);
  const { values, positionals } = parseArgs({
    args,
    strict: false,
    allowPositionals: true,
    options: Object.assign({}, ...all, options, HELP_OPTION),
  });
  return { help: values["help"] === true, word: positionals[0] ?? "" };
}

/** Of the verbs, the one that is meant. @throws {Failure} where it is none of them */
function verbOf({ verbs }: Command, word: string): Verb | undefined {
  if (!verbs) return undefined;
  if (Object.hasOwn(verbs, word)) return verbs[word];
  throw misuse(word ? `unknown command ${word}` : "which command?");
}

function parse(args: string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code?.startsWith("ERR_PARSE_ARGS")) throw misuse(message);
    throw error;
  }
}

/**
 * Runs a command.
 *
 * @param args what was typed after its name
 * @returns the exit code
 * @throws {Failure} worded for the person who runs it
 */
export async function execute<O extends ParseArgsOptionsConfig>(
  command: Command<O>,
  args: string[],
  surroundings: Surroundings,
): Promise<number> {
  const { help, word } = look(command, args);
  if (help) {
    const text = typeof command.help === "string" ? command.help : await command.help();
    surroundings.terminal.print(asTyped(`${text}\n\n${EXIT_CODES}`, surroundings.env));
    return EXIT.done;
  }
  const verb = verbOf(command, word);
  const { values, positionals } = parse(args, { ...command.options, ...verb?.options });
  const rest = verb ? positionals.slice(1) : positionals;
  const [least, most] = (verb ?? command).takes ?? [0, 0];
  if (rest.length > most && most === 0) throw misuse(`unexpected argument ${rest[0]}`);
  if (rest.length < least || rest.length > most) {
    throw misuse(`usage: deno task ${command.name} ${verb?.usage ?? "…"}`);
  }
  return await command.run({
    ...surroundings,
    verb: verb ? word : "",
    values: values as Values<O>,
    positionals: rest,
  }) ?? EXIT.done;
}

const LEVELS: LogLevel[] = ["debug", "info", "warning", "error"];

/** Writes the same structured line as the functions do, to standard error, where LOG_LEVEL is set. */
function logOutcome(command: Command, args: string[], code: number, started: number): void {
  const least = LEVELS.find((level) => level === Deno.env.get("LOG_LEVEL"));
  if (!least) return;
  const { word } = look(command, args);
  configureLog({ operation: least, database: least }, (line) => console.error(line));
  createLog("operation", { request_id: crypto.randomUUID() })(
    code === EXIT.done ? "info" : "error",
    // Only what is known to be a verb: another word may be a name or an address.
    Object.hasOwn(command.verbs ?? {}, word) ? `${command.name} ${word}` : command.name,
    {
      exit_code: code,
      outcome: code === EXIT.done ? "ok" : "error",
      duration_ms: Math.round(performance.now() - started),
    },
  );
}

/**
 * Runs a command, and ends the process with its exit code.
 *
 * @param args what was typed after its name, by default this process's arguments
 */
export async function runCommand<O extends ParseArgsOptionsConfig>(
  command: Command<O>,
  args: string[] = Deno.args,
): Promise<never> {
  const started = performance.now();
  const surroundings = { env: Deno.env.toObject(), terminal: processTerminal() };
  const code = await execute(command, args, surroundings).catch(reportFailure);
  logOutcome(command, args, code, started);
  Deno.exit(code);
}
