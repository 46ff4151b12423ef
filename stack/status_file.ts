/**
 * What a running stack tells other programs about itself.
 *
 * @module
 */
import { join, resolve } from "node:path";
import process from "node:process";
import { Failure } from "./failure.ts";
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

/** Where `deno task start` keeps its data unless told otherwise. */
export const DEFAULT_DATA_DIR = join(PROJECT_ROOT, ".stack");

/** Where a stack writes its status unless told otherwise. */
export function statusFileOf(dataDir: string): string {
  return join(dataDir, "status.json");
}

/** Writes the status; it holds keys, so only its owner may read it. */
export async function writeStatus(path: string, status: StackStatus): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(status, null, 2) + "\n", { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

/** Options of commands that work on a running stack. */
export const STATUS_OPTIONS = {
  "data-dir": { type: "string", default: DEFAULT_DATA_DIR },
  "status-file": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The status file that {@link STATUS_OPTIONS} name. */
export function chosenStatusFile(
  values: { "data-dir": string; "status-file"?: string | undefined },
): string {
  return resolve(values["status-file"] ?? statusFileOf(values["data-dir"]));
}

/** @throws {Failure} where no stack is running */
export async function readStatus(path: string): Promise<StackStatus> {
  const absent = (cause?: unknown) =>
    new Failure("no stack is running", "Start it with `deno task start`.", { cause });
  let status: StackStatus;
  try {
    status = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw absent(error);
    throw new Failure(
      `${path} can't be read: ${(error as Error).message}`,
      "Start the stack again.",
    );
  }
  try {
    process.kill(status.PID, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") throw absent(error);
  }
  return status;
}
