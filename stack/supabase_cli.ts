/**
 * Runs the Supabase CLI.
 *
 * Deno resolves the optional packages of `npm:supabase` for every platform and fails where one was
 * not published (denoland/deno#36597), so the binary of the most common platform is named in
 * deno.json itself. Elsewhere the wrapper package is run, at the same version.
 *
 * @module
 */
import { createRequire } from "node:module";

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder that holds `supabase/`. */
export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const VERSION = "3.1.0";

function command(): string[] {
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") {
    const manifest = createRequire(import.meta.url).resolve(
      "@supabase/cli-linux-x64/package.json",
    );
    return [join(dirname(manifest), "bin/supabase")];
  }
  return [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", `npm:supabase@${VERSION}`];
}

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
  const [program, ...first] = command();
  // The CLI unpacks parts of itself into the temporary folder, and leaves them there.
  const TMPDIR = await Deno.makeTempDir({ prefix: "chat-archive-cli-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(program!, {
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
