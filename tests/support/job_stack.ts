import { join } from "node:path";
import { Failure } from "../../stack/failure.ts";
import type { FunctionsRuntime } from "../../stack/functions.ts";
import { readStatus, type StackStatus } from "../../stack/status_file.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { eventually } from "./eventually.ts";

/** In a job's folder: where its stack's addresses and keys are. */
export const JOB_STATUS = "status.json";
/** In a job's folder: what its stack's functions have logged. */
export const JOB_LOG = "functions.log";

/** Milliseconds that a start may take: the first one downloads what the stack is made of. */
const START_LIMIT_MS = 5 * 60_000;

/** What a job's tests run on. */
export interface JobStack extends AsyncDisposable {
  status: StackStatus;
  statusFile: string;
  /** Where its functions log; empty where nobody can look. */
  logFile: string;
}

/**
 * Starts the stack of a job.
 *
 * @param folder  is created
 * @param runtime what runs its functions; by default what runs the tests
 * @throws {Failure} where it did not start; it has told why
 */
export async function startJobStack(folder: string, runtime?: FunctionsRuntime): Promise<JobStack> {
  await Deno.mkdir(folder);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(PROJECT_ROOT, "tests/support/stack_host.ts"), folder]
      .concat(runtime ? [JSON.stringify(runtime)] : []),
    cwd: PROJECT_ROOT,
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let over = false;
  child.status.then(() => over = true);
  const stop = async () => {
    await child.stdin.close().catch(() => {});
    await child.status;
  };
  const statusFile = join(folder, JOB_STATUS);
  try {
    const status = await eventually("the stack is ready", () => {
      if (over) throw new Failure("the stack did not start", "See above.");
      return readStatus(statusFile).catch(() => undefined);
    }, START_LIMIT_MS);
    return { status, statusFile, logFile: join(folder, JOB_LOG), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
