/** `deno task storage`: what an operator does with the bucket. */
import { parseArgs } from "node:util";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { check } from "./storage/check.ts";
import type { StorageCommand, Terminal } from "./storage/command.ts";
import { exists } from "./storage/exists.ts";
import { explain, misuse } from "./storage/failures.ts";
import { get } from "./storage/get.ts";
import { ls } from "./storage/ls.ts";
import { put } from "./storage/put.ts";
import { reconcile } from "./storage/reconcile.ts";
import { requeue } from "./storage/requeue.ts";
import { rm } from "./storage/rm.ts";
import { rmPrefix } from "./storage/rm_prefix.ts";
import { stat } from "./storage/stat.ts";
import { chooseTarget, TARGET_OPTIONS } from "./storage/target.ts";
import { processTerminal } from "./storage/terminal.ts";
import { url } from "./storage/url.ts";
import { runTool } from "./tool.ts";

/** The commands, in the order of the help. */
const COMMANDS: Record<string, StorageCommand> = {
  check,
  ls,
  stat,
  exists,
  put,
  get,
  rm,
  "rm-prefix": rmPrefix,
  url,
  reconcile,
  requeue,
};

const COMMON = {
  ...TARGET_OPTIONS,
  json: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

function help(): string {
  const commands = Object.values(COMMANDS).map(({ help: [usage, ...does] }) =>
    [`  ${usage}`, ...does.map((line) => `      ${line}`)].join("\n")
  );
  return `deno task storage COMMAND [options]

${commands.join("\n")}

  --json              JSON on standard output; notes go to standard error
  --yes               do not ask
  --data-dir FOLDER   the bucket of the stack that runs on this folder
  --status-file FILE  the bucket of the stack with this status file
  --help

The bucket is the one of S3_* (see .env.example); where these are not set, or a
stack is named, that of the running stack. The commands work on bytes only: no
row changes, so a row whose object is deleted or replaced keeps naming it. rm
and rm-prefix ask the stack, or the API of SUPABASE_URL and
SUPABASE_SERVICE_KEY, which keys are in use; put never asks. reconcile and
requeue work through that API, on the bucket that its functions have.

Exit code 0: done. 1: no such object, not all was done, or a warning.
2: wrong arguments or settings. 3: the bucket is missing, refuses or is silent.`;
}

/**
 * Runs one command.
 *
 * @returns the exit code
 * @throws {Failure} worded for the person who runs it
 */
export async function storage(
  args: string[],
  env: Record<string, string | undefined>,
  terminal: Terminal,
): Promise<number> {
  const given = parseArgs({ args, allowPositionals: true, strict: false, options: COMMON });
  if (given.values.help) {
    terminal.print(help());
    return 0;
  }
  const [name = ""] = given.positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw misuse(name ? `unknown command ${name}` : "which command?");
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...command.options, ...COMMON },
  });
  const [, ...rest] = positionals;
  const [least, most] = command.takes;
  if (rest.length < least || rest.length > most) throw misuse(`usage: ${command.help[0]}`);
  const target = await chooseTarget(values, env);
  terminal.note(target.description);
  const { json, yes, help: _, ...options } = values;
  try {
    return await command.run({
      store: openBucket(target.bucket),
      bucket: target.bucket,
      stack: target.stack,
      env,
      positionals: rest,
      options: options as Record<string, string | boolean | undefined>,
      json,
      yes,
      terminal,
    });
  } catch (error) {
    throw explain(error, target.bucket);
  }
}

if (import.meta.main) {
  await runTool("storage", () => storage(Deno.args, Deno.env.toObject(), processTerminal()));
}
