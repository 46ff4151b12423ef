/**
 * What a running stack tells other programs about itself.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { Failure, unreachable } from "./failure.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";

/**
 * Keys of every local stack: `supabase start` uses the same. They open nothing but a machine's own
 * loopback.
 */
export const LOCAL_KEYS = {
  PUBLISHABLE_KEY: "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
  SECRET_KEY: "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
  S3_PROTOCOL_ACCESS_KEY_ID: "625729a08b95bf1b7ff351a663f3a23c",
  S3_PROTOCOL_ACCESS_KEY_SECRET: "850181e4652dd023b7a98c58ae0d2d34bd487ee0cc3254aed6eda37307425907",
  S3_PROTOCOL_REGION: "local",
  S3_BUCKET: "chat-archive",
} as const;

/** The names that `supabase status -o json` uses, and the bucket and process of this stack. */
export interface StackStatus {
  API_URL: string;
  FUNCTIONS_URL: string;
  DB_URL: string;
  PUBLISHABLE_KEY: string;
  SECRET_KEY: string;
  STORAGE_S3_URL: string;
  S3_PROTOCOL_ACCESS_KEY_ID: string;
  S3_PROTOCOL_ACCESS_KEY_SECRET: string;
  S3_PROTOCOL_REGION: string;
  S3_BUCKET: string;
  PID: number;
}

/** Where `deno task start` keeps its data unless its options say otherwise. */
export const DEFAULT_DATA_DIR = join(PROJECT_ROOT, ".stack");

/** Where a stack writes its status unless its options say otherwise. */
export function statusFileOf(dataDir: string): string {
  return join(dataDir, "status.json");
}

/** Writes the status; it holds keys, so only its owner may read it. */
export async function writeStatus(path: string, status: StackStatus): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(status, null, 2) + "\n", { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

/** @throws {Failure} where the file is that of a stack that runs in another process */
export async function assertNoOtherRuns(path: string): Promise<void> {
  const other = await readStatus(path).catch(() => undefined);
  if (!other || other.PID === Deno.pid) return;
  throw new Failure(
    `a stack is running already: ${other.API_URL} (process ${other.PID}, of ${path})`,
    "Use it, or stop it first. Another one beside it needs --data-dir, and --port and --db-port " +
      "(0 picks a free one).",
  );
}

/** Writes this stack's status. @throws {Failure} as {@link assertNoOtherRuns} */
export async function claimStatus(path: string, status: StackStatus): Promise<void> {
  await assertNoOtherRuns(path);
  await writeStatus(path, status);
}

/** Removes the status file of this process; that of another stack stays. */
export async function removeStatus(path: string): Promise<void> {
  const { PID }: Partial<StackStatus> = await Deno.readTextFile(path).then(JSON.parse)
    .catch(() => ({}));
  if (PID === Deno.pid) await Deno.remove(path);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Reads the status of a running stack. @throws {Failure} where none is running, or it is damaged */
export async function readStatus(path: string): Promise<StackStatus> {
  const absent = (why: string, cause?: unknown) =>
    unreachable(`no stack is running (${why})`, "Start it with `deno task start`.", { cause });
  let status: StackStatus;
  try {
    status = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw absent(`there is no ${path}`, error);
    throw new Failure(
      `${path} can't be read: ${(error as Error).message}`,
      "Start the stack again.",
    );
  }
  if (!isRunning(status.PID)) throw absent(`process ${status.PID} of ${path} has ended`);
  return status;
}
