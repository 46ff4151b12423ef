/**
 * Patch of Deno 2.9: it resolves the optional packages of a package for every platform, and fails where
 * one was not published, as happens with `npm:supabase`. So the CLI's binary for the most common
 * platform is named in deno.json itself. Elsewhere the wrapper package is run, at the same version.
 *
 * Reported: https://github.com/denoland/deno/issues/36597
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const VERSION = "3.1.0";

/** The command that runs the Supabase CLI: a program and its first arguments. */
export function supabaseCommand(): [program: string, ...args: string[]] {
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") {
    const manifest = createRequire(import.meta.url).resolve(
      "@supabase/cli-linux-x64/package.json",
    );
    return [join(dirname(manifest), "bin/supabase")];
  }
  return [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", `npm:supabase@${VERSION}`];
}
