/**
 * Migrations and generated types, by the Supabase CLI.
 *
 * @module
 */
import { join } from "node:path";
import type postgres from "postgres";
import { Failure } from "./failure.ts";
import { labelOf, type Migration } from "./history.ts";
import { PROJECT_ROOT, supabase } from "./supabase_cli.ts";

/** The CLI asks for TLS first, which a server on loopback doesn't speak. */
function tlsMode(url: string): Record<string, string> {
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  return loopback ? { PGSSLMODE: "disable" } : {};
}

/** What the CLI said, without the address and its password. */
function quote(url: string, output: string): string {
  const { password } = new URL(url);
  const text = output.trim().split("\n").slice(-15).join("\n  ");
  return password ? text.replaceAll(password, "***") : text;
}

/** The CLI's own tables, as it makes them itself. */
const HISTORY_TABLES = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key, statements text[], name text);
  create table if not exists supabase_migrations.seed_files (
    path text not null primary key, hash text not null)`;

const SEED_FILE = "supabase/seed.sql";

async function applyMigration(sql: postgres.Sql, migration: Migration): Promise<void> {
  const { version, name } = migration;
  const file = `supabase/migrations/${labelOf(migration)}.sql`;
  const text = await Deno.readTextFile(join(PROJECT_ROOT, file));
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(text).simple();
      await tx`insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${version}, ${name}, ${[text]})`;
    });
  } catch (cause) {
    throw new Failure(
      `${file} could not be applied: ${(cause as Error).message}`,
      "Fix what is named; the migrations before it stay applied.",
      { cause },
    );
  }
}

async function applySeed(sql: postgres.Sql): Promise<void> {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, SEED_FILE));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  await sql.begin(async (tx) => {
    const { count } = await tx`insert into supabase_migrations.seed_files (path, hash)
      values (${SEED_FILE}, ${new Uint8Array(digest).toHex()}) on conflict do nothing`;
    if (count > 0) await tx.unsafe(text).simple();
  });
}

/**
 * Applies migrations of this project, and the seed where it never ran, as the CLI does, and into its
 * history: a start needs neither its 140 MB nor the second that a run of it takes.
 *
 * @param pending those that the database lacks, in order
 * @throws {Failure} naming the file that can't be applied
 */
export async function applyMigrations(sql: postgres.Sql, pending: Migration[]): Promise<void> {
  await sql.unsafe(HISTORY_TABLES).simple();
  for (const migration of pending) await applyMigration(sql, migration);
  await applySeed(sql);
}

/** Which migrations to apply, and from where. */
export interface PushOptions {
  /** Runs supabase/seed.sql too, where it changed. For local databases. */
  seed?: boolean;
  /** Folder that holds `supabase/`, by default this project's. */
  root?: string;
}

/** Applies the migrations that are missing. @throws {Failure} with the CLI's words */
export async function pushMigrations(
  url: string,
  { seed = false, root = PROJECT_ROOT }: PushOptions = {},
): Promise<void> {
  const { code, stdout, stderr } = await supabase(
    ["db", "push", `--remote=${url}`, ...(seed ? ["--include-seed"] : []), "--yes"],
    tlsMode(url),
    root,
  );
  if (code === 0) return;
  throw new Failure(
    `the migrations could not be applied:\n  ${quote(url, stderr + stdout)}`,
    "Fix what is named above; the migrations before it stay applied.",
  );
}

/** The CLI's table of local and remote migrations. */
export async function listMigrations(url: string, root: string = PROJECT_ROOT): Promise<string> {
  const { code, stdout, stderr } = await supabase(
    ["migration", "list", `--remote=${url}`],
    tlsMode(url),
    root,
  );
  if (code !== 0) {
    throw new Failure(`the history can't be read:\n  ${quote(url, stderr + stdout)}`, "See above.");
  }
  return stdout;
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
    tlsMode(url),
  );
  if (code !== 0) throw new Failure(`no types were generated: ${stderr.trim()}`, "See above.");
  // Before the types the CLI may tell how it connected.
  return await format(stdout.slice(stdout.indexOf("export type Json")));
}
