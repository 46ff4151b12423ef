/** `deno task start`: runs the embedded stack until it is stopped. */
import { dirname, resolve } from "node:path";
import { asTyped } from "../stack/as_typed.ts";
import { Failure, misuse } from "../stack/failure.ts";
import { type Stack, type StackOptions, startStack } from "../stack/stack.ts";
import {
  assertNoOtherRuns,
  claimStatus,
  DEFAULT_DATA_DIR,
  removeStatus,
  statusFileOf,
} from "../stack/status_file.ts";
import { defineCommand, type Invocation, runCommand } from "./command.ts";
import { askedToStop } from "./interruption.ts";
import { chosenStatusFile } from "./running_stack.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `deno task start [options]

Starts the whole backend on this machine, without Docker: PostgreSQL, the API,
sign-in, an S3 bucket and the functions, on the addresses of \`supabase start\`.

  --port N            address of the API (54321); 0 picks a free port
  --db-port N         port of PostgreSQL (54322); 0 picks a free port
  --data-dir FOLDER   where everything is kept (.stack); as root, the database
                      is in /var/lib/chat-archive-stack, since PostgreSQL
                      does not run as root
  --ephemeral         keep nothing: a folder of its own, removed at the end
  --status-file FILE  where addresses and keys go (DATA-DIR/status.json)
  --external-s3       use the bucket of S3_* instead of the embedded one
  --external-db       use the database of DATABASE_URL; it is not migrated
  --help

Ctrl-C stops it. Log lines of the functions go to standard output as JSON.`;

const OPTIONS = {
  port: { type: "string", default: "54321" },
  "db-port": { type: "string", default: "54322" },
  "data-dir": { type: "string" },
  ephemeral: { type: "boolean", default: false },
  "status-file": { type: "string" },
  "external-s3": { type: "boolean", default: false },
  "external-db": { type: "boolean", default: false },
} as const;

function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw misuse(`${option} ${text} is not a port`, "Give a number from 0 to 65535.");
  }
  return port;
}

/** The options, checked; the data folder of an ephemeral stack is made. */
async function readOptions(
  { values, env, terminal }: Invocation<typeof OPTIONS>,
): Promise<StackOptions> {
  const { ephemeral } = values;
  if (ephemeral && values["data-dir"]) {
    throw misuse("--ephemeral keeps nothing, so --data-dir makes no sense", "Give one of them.");
  }
  const ports = {
    port: portOf(values.port, "--port"),
    dbPort: portOf(values["db-port"], "--db-port"),
  };
  return {
    ...ports,
    dataDir: ephemeral
      ? await Deno.makeTempDir({ prefix: "chat-archive-" })
      : resolve(values["data-dir"] ?? DEFAULT_DATA_DIR),
    ephemeral,
    externalS3: values["external-s3"],
    externalDb: values["external-db"],
    env,
    worker: true,
    print: terminal.print,
  };
}

/**
 * How to run another command on a stack, as its user would type it.
 *
 * @param statusFile of the stack
 * @param env        tells whether npx launched this process
 */
export function commandLine(
  name: string,
  statusFile: string,
  env: Record<string, string | undefined>,
): string {
  const quote = (path: string) =>
    /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
  const folder = dirname(statusFile);
  const option = statusFile === chosenStatusFile({})
    ? ""
    : statusFile === statusFileOf(folder)
    ? ` --data-dir ${quote(folder)}`
    : ` --status-file ${quote(statusFile)}`;
  return asTyped(`deno task ${name}`, env) + option;
}

function greet(
  { print }: Terminal,
  { status }: Stack,
  seconds: number,
  next: (name: string) => string,
) {
  print(`
The chat archive is running (ready in ${seconds.toFixed(1)} s). Look at it: ${status.API_URL}

  API              ${status.API_URL}
  Functions        ${status.FUNCTIONS_URL}
  Database         ${status.DB_URL}
  S3 endpoint      ${status.STORAGE_S3_URL}  (bucket ${status.S3_BUCKET})
  Publishable key  ${status.PUBLISHABLE_KEY}

  const supabase = createClient("${status.API_URL}", "${status.PUBLISHABLE_KEY}");

Next, in another terminal:
  ${next("demo")}
  ${next("status")}   (all keys)
Ctrl-C stops everything.
`);
}

/** The command. */
export const command = defineCommand({
  name: "start",
  help: HELP,
  options: OPTIONS,
  async run(invocation) {
    const started = performance.now();
    const { values, env, terminal } = invocation;
    const over = new AbortController();
    // Listening from the start: a start that is interrupted ends as orderly as a stack.
    const asked = askedToStop(over.signal);
    const options = await readOptions(invocation);
    const statusFile = resolve(values["status-file"] ?? statusFileOf(options.dataDir));
    let stack: Stack | undefined;
    try {
      // First: ports that are in use would say less.
      await assertNoOtherRuns(statusFile);
      stack = await startStack(options);
      await Deno.mkdir(dirname(statusFile), { recursive: true });
      await claimStatus(statusFile, stack.status);
      greet(
        terminal,
        stack,
        (performance.now() - started) / 1000,
        (name) => commandLine(name, statusFile, env),
      );
      const reason = await Promise.race([asked, stack.failed]);
      if (reason instanceof Failure) throw reason;
      terminal.print(`Stopping after ${reason} …`);
    } finally {
      over.abort();
      // Where the start failed, the file may be that of the stack that is in the way.
      await removeStatus(statusFile).catch(() => {});
      await stack?.stop();
      if (options.ephemeral) {
        await Deno.remove(options.dataDir, { recursive: true }).catch(() => {});
      }
    }
  },
});

if (import.meta.main) await runCommand(command);
