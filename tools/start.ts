/** `deno task start`: runs the embedded stack until it is stopped. */
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Failure } from "../stack/failure.ts";
import { launcherEnded } from "../stack/launcher.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { DEFAULT_DATA_DIR, statusFileOf, writeStatus } from "../stack/status_file.ts";
import { runTool } from "./tool.ts";

const HELP = `deno task start [options]

Starts the whole backend on this machine, without Docker: PostgreSQL, the API,
sign-in, an S3 bucket and the functions, on the addresses of \`supabase start\`.

  --port N            address of the API (54321); 0 picks a free port
  --db-port N         port of PostgreSQL (54322); 0 picks a free port
  --data-dir FOLDER   where everything is kept (.stack)
  --ephemeral         keep nothing: a folder of its own, removed at the end
  --status-file FILE  where addresses and keys are written (DATA-DIR/status.json)
  --external-s3       use the bucket of S3_* instead of the embedded one
  --external-db       use the database of DATABASE_URL; it is not migrated
  --help

Ctrl-C stops it. Log lines of the functions go to standard output as JSON.`;

function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new Failure(`${option} ${text} is not a port`, "Give a number from 0 to 65535.");
  }
  return port;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "54321" },
      "db-port": { type: "string", default: "54322" },
      "data-dir": { type: "string" },
      ephemeral: { type: "boolean", default: false },
      "status-file": { type: "string" },
      "external-s3": { type: "boolean", default: false },
      "external-db": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

function greet({ status }: Stack, statusFile: string, seconds: number) {
  console.log(`
The chat archive is running (ready in ${seconds.toFixed(1)} s).

  API              ${status.API_URL}
  Functions        ${status.FUNCTIONS_URL}
  Database         ${status.DB_URL}
  S3 endpoint      ${status.STORAGE_S3_URL}  (bucket ${status.S3_BUCKET})
  Publishable key  ${status.PUBLISHABLE_KEY}

  const supabase = createClient("${status.API_URL}", "${status.PUBLISHABLE_KEY}");

Next: \`deno task demo\` in another terminal. All keys: \`deno task status\`
(from ${statusFile}). Ctrl-C stops everything.
`);
}

/** A signal, or the end of the launcher: resolves with what it was. */
function askedToStop(over: AbortSignal): Promise<string> {
  return Promise.race([
    ...(["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) =>
      new Promise<string>((resolve) => Deno.addSignalListener(signal, () => resolve(signal)))
    ),
    launcherEnded(over).then((command) => `the end of \`${command}\``),
  ]);
}

async function main(): Promise<number> {
  const started = performance.now();
  const values = readOptions();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { ephemeral } = values;
  if (ephemeral && values["data-dir"]) {
    throw new Failure(
      "--ephemeral keeps nothing, so --data-dir makes no sense",
      "Give one of them.",
    );
  }
  const dataDir = ephemeral
    ? await Deno.makeTempDir({ prefix: "chat-archive-" })
    : resolve(values["data-dir"] ?? DEFAULT_DATA_DIR);
  const statusFile = resolve(values["status-file"] ?? statusFileOf(dataDir));

  const over = new AbortController();
  // Listening from the start: a start that is interrupted ends as orderly as a stack.
  const asked = askedToStop(over.signal);
  let stack: Stack | undefined;
  try {
    stack = await startStack({
      port: portOf(values.port, "--port"),
      dbPort: portOf(values["db-port"], "--db-port"),
      dataDir,
      ephemeral,
      externalS3: values["external-s3"],
      externalDb: values["external-db"],
      env: Deno.env.toObject(),
      worker: true,
      print: (line) => console.log(line),
    });
    await Deno.mkdir(dirname(statusFile), { recursive: true });
    await writeStatus(statusFile, stack.status);
    greet(stack, statusFile, (performance.now() - started) / 1000);
    const reason = await Promise.race([asked, stack.failed]);
    if (reason instanceof Failure) throw reason;
    console.log(`Stopping after ${reason} …`);
    return 0;
  } finally {
    over.abort();
    await Deno.remove(statusFile).catch(() => {});
    await stack?.stop();
    if (ephemeral) await Deno.remove(dataDir, { recursive: true }).catch(() => {});
  }
}

if (import.meta.main) await runTool("start", main);
