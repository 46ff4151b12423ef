/**
 * The oldest runtime that the platform may give the functions: its edge-runtime of 2026 is this version
 * of Deno underneath.
 *
 * @module
 */
import { join } from "node:path";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import type { FunctionsRuntime } from "../../stack/functions.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** Its version. */
export const OLDEST_DENO = "2.1.4";

/** Runs a program to its end. @returns what it printed, or undefined where it failed or is not there */
async function printed(
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", DENO_TLS_CA_STORE: "mozilla,system", ...env },
      cwd: PROJECT_ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    // There is no such program.
  }
}

/** Where npx keeps it: npx itself would stand between us and the process. */
function download(): Promise<string | undefined> {
  const print = `deno eval --no-config --no-lock "console.log(Deno.execPath())"`;
  return printed("npx", ["-y", "--prefer-offline", "-p", `deno@${OLDEST_DENO}`, "-c", print], {
    npm_config_fetch_retries: "1",
  });
}

/**
 * Options that let it run the functions as the platform does: with their import map alone. It refuses
 * the lock file of a newer Deno, so that packages are those that a deployment finds today.
 */
const OPTIONS = [
  "--no-config",
  "--no-lock",
  "--node-modules-dir=none",
  `--import-map=${join(PROJECT_ROOT, "supabase/functions/import_map.json")}`,
];

/** Finds it, or downloads it and the functions' packages. @returns undefined where that fails */
export async function oldestRuntime(): Promise<FunctionsRuntime | undefined> {
  const program = await download();
  if (!program) return undefined;
  const modules = CONTRACTS.map(({ name }) => `supabase/functions/${name}/index.ts`);
  const fetched = await printed(program, ["cache", ...OPTIONS, ...modules], {});
  return fetched === undefined ? undefined : { program, options: [...OPTIONS, "--cached-only"] };
}
