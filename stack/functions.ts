/**
 * `/functions/v1`: starts the functions' process, and starts it again when it ends.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { within } from "@shared/async.ts";
import { Failure, misuse } from "./failure.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";
import { TextLineStream } from "./text_lines.ts";

/** For the process to end by itself. */
const STOP_TIMEOUT_MS = 3000;

/** From a connection that broke off to the end of the process, where that was the cause. */
const END_TIMEOUT_MS = 1000;

/** The functions, served. */
export interface FunctionsServer {
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

interface Host {
  child: Deno.ChildProcess;
  port: number;
}

/** What a process of Deno needs of our environment to find its caches. */
const PASSED_ON = ["PATH", "HOME", "DENO_DIR", "TMPDIR"];

/** What runs the functions. */
export interface FunctionsRuntime {
  program: string;
  /** Of `deno run`, where it can't use the project's own settings. */
  options: string[];
  /** The program that serves them: functions_host.ts, or one that runs it. */
  host?: string;
}

const HOST = fileURLToPath(new URL("functions_host.ts", import.meta.url));

function spawn(
  env: Record<string, string>,
  { program, options, host = HOST }: FunctionsRuntime,
): Deno.ChildProcess {
  const own = PASSED_ON.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return new Deno.Command(program, {
    args: [
      "run",
      ...options,
      // What it says of downloads is no line of a log.
      "--quiet",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      host,
    ],
    cwd: PROJECT_ROOT,
    clearEnv: true,
    env: { ...Object.fromEntries(own), NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Passes lines on, and picks out what the host says about itself. */
async function start(
  env: Record<string, string>,
  print: (line: string) => void,
  runtime: FunctionsRuntime,
): Promise<Host> {
  const child = spawn(env, runtime);
  const errors: string[] = [];
  const stderr = (async () => {
    for await (const line of child.stderr.pipeThrough(new TextLineStream())) {
      if (errors.push(line) > 20) errors.shift();
      print(line);
    }
  })();
  let port = 0;
  const ready = Promise.withResolvers<void>();
  (async () => {
    for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
      if (line.startsWith('{"listening":')) port = JSON.parse(line).listening;
      else if (line === '{"ready":true}') ready.resolve();
      else print(line);
    }
  })();
  child.status.then(async ({ code }) => {
    await stderr;
    const setting = errors.find((line) => line.includes("SettingsError"));
    ready.reject(
      setting
        ? misuse(`the functions did not start: ${setting}`, "Correct it: see .env.example.")
        : new Failure(
          `the functions did not start (exit code ${code}): ${errors.at(-1) ?? "no message"}`,
          "Correct the function that is named.",
        ),
    );
  });
  await ready.promise;
  return { child, port };
}

/**
 * Starts the functions' process.
 *
 * @param env     the environment that the functions see
 * @param print   receives each line that they log
 * @param runtime by default this process's own
 * @throws {Failure} where a setting is wrong or a function can't be loaded
 */
export async function startFunctions(
  env: Record<string, string>,
  print: (line: string) => void,
  runtime: FunctionsRuntime = { program: Deno.execPath(), options: [] },
): Promise<FunctionsServer> {
  let stopping = false;
  let host = await start(env, print, runtime);
  let restarted: Promise<void> = Promise.resolve();

  function watch({ child }: Host) {
    child.status.then(() => {
      if (stopping) return;
      restarted = (async () => {
        host = await start(env, print, runtime);
        watch(host);
      })();
      restarted.catch((error) => print(String(error)));
    });
  }
  watch(host);

  const forward = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    return await fetch(`http://127.0.0.1:${host.port}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal: request.signal,
    });
  };

  return {
    async fetch(request) {
      await restarted.catch(() => {});
      const { child } = host;
      try {
        return await forward(request);
      } catch (error) {
        if (request.signal.aborted) throw error;
        // The connection breaks off before the end is told. Whoever reads this answer and asks again
        // is to wait for the next process, not to come to the port of the last.
        await within(END_TIMEOUT_MS, () => child.status).catch(() => {});
        return Response.json(
          { code: "internal", message: "the function ended before it answered" },
          { status: 502, headers: { "access-control-allow-origin": "*" } },
        );
      }
    },
    async stop() {
      stopping = true;
      await restarted.catch(() => {});
      await host.child.stdin.close().catch(() => {});
      await within(STOP_TIMEOUT_MS, () => host.child.status).catch(() => {
        host.child.kill("SIGKILL");
        return host.child.status;
      });
    },
  };
}
