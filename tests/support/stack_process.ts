/** A stack in a process of its own, started as users start it. */
import { join } from "node:path";
import { readStatus, type StackStatus } from "../../stack/status_file.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { eventually } from "./eventually.ts";

/** Milliseconds that a start may take on a busy machine. */
const START_LIMIT_MS = 60_000;

/** How to start it. */
export interface StackProcessOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Keeps the data in this folder; without it the stack is ephemeral. */
  dataDir?: string;
  /** Program and arguments that start it, by default deno itself. */
  command?: string[];
}

/** A started stack. */
export interface StackProcess extends AsyncDisposable {
  status: StackStatus;
  statusFile: string;
  child: Deno.ChildProcess;
  /** All that it has printed so far. */
  output(): string;
}

/** The command and its options, free ports included. */
export function startCommand(options: StackProcessOptions, statusFile: string): string[] {
  const script = join(PROJECT_ROOT, "tools/start.ts");
  return [
    ...(options.command ?? [Deno.execPath(), "run", "-A", script]),
    "--port=0",
    "--db-port=0",
    `--status-file=${statusFile}`,
    ...(options.dataDir ? [`--data-dir=${options.dataDir}`] : ["--ephemeral"]),
    ...(options.args ?? []),
  ];
}

/** Starts a stack and waits until it is ready. @throws with its output where it ends before */
export async function startStackProcess(options: StackProcessOptions = {}): Promise<StackProcess> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-process-" });
  const statusFile = join(folder, "status.json");
  const [program, ...args] = startCommand(options, statusFile);
  const child = new Deno.Command(program!, {
    args,
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  let over = false;
  child.status.then(() => over = true);
  const stop = async () => {
    if (!over) child.kill("SIGTERM");
    await child.status;
    await collected;
    await Deno.remove(folder, { recursive: true });
  };
  const ready = async () => {
    if (over) throw new Error("it has ended");
    return await readStatus(statusFile).catch(() => undefined);
  };
  try {
    const status = await eventually("the stack is ready", ready, START_LIMIT_MS);
    return { status, statusFile, child, output: () => output, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    await stop();
    throw new Error(`the stack did not start:\n${output}`, { cause });
  }
}

/** The process of a stack's PostgreSQL server. */
export async function databaseProcess({ DB_URL }: StackStatus): Promise<number> {
  const { port } = new URL(DB_URL);
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", `port=${port}`] }).output();
  const [pid] = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  if (!pid) throw new Error(`there is no server on port ${port}`);
  return pid;
}
