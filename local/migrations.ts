/**
 * Migrations and generated types, by the Supabase CLI.
 *
 * @module
 */
import { Failure } from "./failure.ts";
import { supabase } from "./supabase_cli.ts";

/** The CLI asks for TLS first, which a server on loopback doesn't speak. */
const NO_TLS = { PGSSLMODE: "disable" };

/** Applies the migrations that are missing, then the seed where it changed. */
export async function pushMigrations(url: string): Promise<void> {
  const { code, stdout, stderr } = await supabase(
    ["db", "push", `--remote=${url}`, "--include-seed", "--yes"],
    NO_TLS,
  );
  if (code === 0) return;
  const output = (stderr + stdout).trim().split("\n").slice(-15).join("\n  ");
  throw new Failure(
    `the migrations could not be applied:\n  ${output}`,
    "Mend the migration that is named above; what came before it stays applied.",
  );
}

/** Formats TypeScript: the CLI's own output is not meant to be read. */
async function format(source: string): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--line-width=100", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { success, stdout } = await formatter.output();
  if (!success) throw new Failure("the generated types could not be formatted", "See above.");
  return new TextDecoder().decode(stdout);
}

/** TypeScript types of the schema `public`, formatted. */
export async function generateTypes(url: string): Promise<string> {
  const { code, stdout, stderr } = await supabase(
    ["gen", "types", "typescript", `--remote=${url}`, "--schema=public"],
    NO_TLS,
  );
  if (code !== 0) throw new Failure(`no types were generated: ${stderr.trim()}`, "See above.");
  // Before the types the CLI may tell how it connected.
  return await format(stdout.slice(stdout.indexOf("export type Json")));
}
