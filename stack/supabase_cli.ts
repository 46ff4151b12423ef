/**
 * Runs the Supabase CLI.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { supabaseCommand } from "./patches/deno_optional_packages.ts";

/** Folder that holds `supabase/`. */
export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a run of the CLI left. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the CLI and waits for it.
 *
 * @param args its arguments, for example `["db", "push", "--remote=…", "--yes"]`
 * @param env  added to the environment
 * @param root folder that holds `supabase/`, by default this project's
 */
export async function supabase(
  args: string[],
  env: Record<string, string> = {},
  root: string = PROJECT_ROOT,
): Promise<CliResult> {
  const [program, ...first] = supabaseCommand();
  // The CLI unpacks parts of itself into the temporary folder, and leaves them there.
  const TMPDIR = await Deno.makeTempDir({ prefix: "chat-archive-cli-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...first, ...args, "--workdir", root],
      env: { SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TMPDIR, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    await Deno.remove(TMPDIR, { recursive: true });
  }
}
