/**
 * Runs a PostgreSQL server on a data folder: creates, starts, recovers and stops it.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { delay } from "@shared/async.ts";
import { Failure } from "./failure.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";
import { asUser, createCluster, SUPERUSER } from "./postgres_cluster.ts";

/** For the server of a stack that was killed to end. */
const PREDECESSOR_TIMEOUT_MS = 10_000;
/** For a server to take connections. */
const START_TIMEOUT_MS = 60_000;

/** A running server. */
export interface PostgresServer {
  /** Address for the superuser; never printed. */
  adminUrl: string;
  /** Resolves when the server has ended, whoever ended it. */
  ended: Promise<void>;
  /** Ends all sessions, writes everything out and stops. */
  stop(): Promise<void>;
}

/** Settings of one server. */
export interface PostgresOptions {
  binaries: PostgresBinaries;
  /** Data folder; created when it does not exist. Its parent must exist. */
  dataDir: string;
  /** TCP port on 127.0.0.1. */
  port: number;
  /** Of the superuser. */
  password: string;
  /** The data need not survive a crash of the machine. */
  ephemeral: boolean;
  /** File that the server's messages are appended to. */
  logFile: string;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A stack that was killed takes its server down with it, but that takes a moment. */
async function waitForPredecessor(dataDir: string) {
  const lock = join(dataDir, "postmaster.pid");
  const pid = Number((await Deno.readTextFile(lock).catch(() => "")).split("\n")[0]);
  if (!pid || !isAlive(pid)) return;
  for (const deadline = Date.now() + PREDECESSOR_TIMEOUT_MS; Date.now() < deadline;) {
    if (!await exists(lock) || !isAlive(pid)) return;
    await delay(50);
  }
  throw new Failure(
    `another PostgreSQL server (process ${pid}) uses ${dataDir}`,
    `Stop it with \`kill -INT ${pid}\`, then start again.`,
  );
}

/** Why a server ended instead of taking connections. */
async function startFailure(options: PostgresOptions, code: number): Promise<Failure> {
  const log = await Deno.readTextFile(options.logFile).catch(() => "");
  const reason = log.trim().split("\n").findLast((line) => /FATAL|PANIC/.test(line)) ??
    `exit code ${code}`;
  return new Failure(
    `PostgreSQL did not start: ${reason}`,
    /Address already in use|could not bind/.test(log.slice(-2000))
      ? `Port ${options.port} is in use: choose another with --db-port.`
      : `Its messages are in ${options.logFile}. If the data folder is damaged and holds nothing you need, delete it.`,
  );
}

/** Does the server take connections? @throws {Failure} where it never will */
async function answers(adminUrl: string): Promise<boolean> {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "28P01") return false;
    throw new Failure(
      "the data folder belongs to another stack (its password differs)",
      "Choose another --data-dir, or delete this one if it holds nothing you need.",
    );
  } finally {
    await sql.end({ timeout: 0 });
  }
}

async function untilReady(
  adminUrl: string,
  options: PostgresOptions,
  exited: Promise<Deno.CommandStatus>,
) {
  let over: Deno.CommandStatus | undefined;
  exited.then((status) => over = status);
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline;) {
    if (over) throw await startFailure(options, over.code);
    if (await answers(adminUrl)) return;
    await delay(25);
  }
  throw new Failure("PostgreSQL was not ready within 60 s", `See ${options.logFile}.`);
}

/** Starts the server's process. Its messages go to the log. */
async function spawnServer({ binaries, dataDir, port, ephemeral, logFile }: PostgresOptions) {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    // A socket's path must be short and reachable; TCP on loopback needs neither.
    unix_socket_directories: "",
    max_connections: 60,
    shared_buffers: "64MB",
    timezone: "UTC",
    log_timezone: "UTC",
    // The values of a failing statement are the users' messages.
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    ...(ephemeral ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
  };
  const log = await Deno.open(logFile, { create: true, write: true, truncate: true, mode: 0o600 });
  const child = new Deno.Command(join(binaries.bin, "postgres"), {
    ...asUser(binaries),
    args: ["-D", dataDir, ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`])],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logged = child.stderr.pipeTo(log.writable).catch(() => {});
  return { child, ended: Promise.all([child.status, logged]).then(() => {}) };
}

/** Stops the server when this process ends, even by kill -9: the guard's input ends with it. */
function spawnGuard({ binaries, dataDir }: PostgresOptions, pid: number): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    ...asUser(binaries),
    args: [
      "-c",
      `trap '' INT; cat >/dev/null; [ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$2" ] && kill -INT "$2"`,
      "guard",
      dataDir,
      String(pid),
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/**
 * Starts the server, and ties its life to this process: however this process ends, the server shuts
 * down in an orderly way.
 *
 * @throws {Failure} where the data folder is damaged or in use, or the port is taken
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dataDir, port, password } = options;
  if (await exists(dataDir)) await waitForPredecessor(dataDir);
  else await createCluster(options);
  const { child, ended } = await spawnServer(options);
  const guard = spawnGuard(options, child.pid);
  const adminUrl = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended already.
    }
    await ended;
    await guard.stdin.close().catch(() => {});
    await guard.status;
  };
  try {
    await untilReady(adminUrl, options, child.status);
  } catch (error) {
    await stop();
    throw error;
  }
  return { adminUrl, ended, stop };
}
