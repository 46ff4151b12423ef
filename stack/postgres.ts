/**
 * Runs a PostgreSQL server on a data folder: creates, starts, recovers and stops it.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { Failure } from "./failure.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";

/** The server's superuser. As on the platform, `postgres` is not one. */
const SUPERUSER = "supabase_admin";

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

/** Ids go with the command: a server that is not root must not be started with root's groups. */
function asUser(binaries: PostgresBinaries): Deno.CommandOptions {
  return {
    ...binaries.runAs,
    cwd: "/",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", TZ: "UTC" },
  };
}

async function initialise({ binaries, dataDir, password }: PostgresOptions) {
  // Built beside its final place and renamed: a start that was killed leaves no half server.
  const staging = `${dataDir}.new`;
  await Deno.remove(staging, { recursive: true }).catch(() => {});
  await Deno.mkdir(staging, { mode: 0o700 });
  const passwordFile = `${staging}.password`;
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (binaries.runAs) {
    for (const path of [staging, passwordFile]) {
      await Deno.chown(path, binaries.runAs.uid, binaries.runAs.gid);
    }
  }
  try {
    const { success, stdout, stderr } = await new Deno.Command(join(binaries.bin, "initdb"), {
      ...asUser(binaries),
      args: [
        `--pgdata=${staging}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
      ],
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) {
      const text = new TextDecoder().decode(stderr) || new TextDecoder().decode(stdout);
      throw new Failure(`initdb failed: ${text.trim()}`, "Choose another --data-dir.");
    }
    await Deno.rename(staging, dataDir);
  } finally {
    await Deno.remove(passwordFile).catch(() => {});
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
}

/** A stack that was killed takes its server down with it, but that takes a moment. */
async function waitForPredecessor(dataDir: string) {
  const lock = join(dataDir, "postmaster.pid");
  const pid = Number((await Deno.readTextFile(lock).catch(() => "")).split("\n")[0]);
  if (!pid || !isAlive(pid)) return;
  for (let waited = 0; waited < 10_000 && await exists(lock) && isAlive(pid); waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (await exists(lock) && isAlive(pid)) {
    throw new Failure(
      `another PostgreSQL server (process ${pid}) uses ${dataDir}`,
      `Stop it with \`kill -INT ${pid}\`, then start again.`,
    );
  }
}

async function untilReady(
  adminUrl: string,
  options: PostgresOptions,
  exited: Promise<Deno.CommandStatus>,
) {
  let over: Deno.CommandStatus | undefined;
  exited.then((status) => over = status);
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (over) {
      const log = await Deno.readTextFile(options.logFile).catch(() => "");
      const reason = log.trim().split("\n").findLast((line) => /FATAL|PANIC/.test(line)) ??
        `exit code ${over.code}`;
      throw new Failure(
        `PostgreSQL did not start: ${reason}`,
        /Address already in use|could not bind/.test(log.slice(-2000))
          ? `Port ${options.port} is in use: choose another with --db-port.`
          : `Its messages are in ${options.logFile}. If the data folder is damaged and holds nothing you need, delete it.`,
      );
    }
    const sql = postgres(adminUrl, { max: 1, connect_timeout: 2, onnotice: () => {} });
    try {
      await sql`select 1`;
      return;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "28P01") {
        throw new Failure(
          "the data folder belongs to another stack (its password differs)",
          "Choose another --data-dir, or delete this one if it holds nothing you need.",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    } finally {
      await sql.end({ timeout: 0 });
    }
  }
  throw new Failure("PostgreSQL was not ready within 60 s", `See ${options.logFile}.`);
}

/**
 * Starts the server, and ties its life to this process: however this process ends, the server shuts
 * down in an orderly way.
 *
 * @throws {Failure} where the data folder is damaged or in use, or the port is taken
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { binaries, dataDir, port, password, ephemeral, logFile } = options;
  if (await exists(dataDir)) await waitForPredecessor(dataDir);
  else await initialise(options);

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

  // The guard's input ends when this process does, even by kill -9.
  const guard = new Deno.Command("/bin/sh", {
    ...asUser(binaries),
    args: [
      "-c",
      `trap '' INT; cat >/dev/null; [ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$2" ] && kill -INT "$2"`,
      "guard",
      dataDir,
      String(child.pid),
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();

  const exited = child.status;
  const ended = Promise.all([exited, logged]).then(() => {});
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
    await untilReady(adminUrl, options, exited);
  } catch (error) {
    await stop();
    throw error;
  }
  return { adminUrl, ended, stop };
}
