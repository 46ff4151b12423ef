/**
 * What `deno task db` does.
 *
 * @module
 */
import { basename, join } from "node:path";
import { Failure } from "../stack/failure.ts";
import { listMigrations, pushMigrations } from "../stack/migrations.ts";
import { type AppliedMigration, appliedMigrations, rollBack, rollbackFile } from "./rollback.ts";
import { supabase } from "../stack/supabase_cli.ts";

/** Where a command works. */
export interface DbContext {
  /** Address of the database. */
  url: string;
  /** Folder that holds `supabase/`. */
  root: string;
  print(line: string): void;
}

const label = ({ version, name }: AppliedMigration) => `${version}_${name}`;

/** The migrations of the project, oldest first. */
export function localMigrations(root: string): AppliedMigration[] {
  return Array.from(Deno.readDirSync(join(root, "supabase/migrations")), ({ name }) => name)
    .map((file) => /^(\d+)_(.*)\.sql$/.exec(file))
    .flatMap((match) => match ? [{ version: match[1]!, name: match[2]! }] : [])
    .toSorted((a, b) => a.version.localeCompare(b.version));
}

/** Compares project and database. @throws {Failure} where the database has what the project lacks */
async function compare({ url, root }: DbContext) {
  const local = localMigrations(root);
  const remote = await appliedMigrations(url);
  const known = new Set(local.map(({ version }) => version));
  const foreign = remote.filter(({ version }) => !known.has(version));
  if (foreign.length > 0) {
    throw new Failure(
      `the database has migrations that this project lacks: ${foreign.map(label).join(", ")}`,
      "Get the version of the project that made them. Nothing was changed.",
    );
  }
  const done = new Set(remote.map(({ version }) => version));
  return { remote, pending: local.filter(({ version }) => !done.has(version)) };
}

/** Creates a migration and its rollback, side by side. @returns their paths */
export async function createMigration(
  { root, print }: Pick<DbContext, "root" | "print">,
  name: string,
): Promise<string[]> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
    throw new Failure(
      `${JSON.stringify(name)} is not a name for a migration`,
      "Use lower-case letters, digits and underscores: add_tags_to_chats.",
    );
  }
  const { code, stderr } = await supabase(["migration", "new", name], {}, root);
  if (code !== 0) {
    throw new Failure(`the migration was not created: ${stderr.trim()}`, "See above.");
  }
  const created = localMigrations(root).findLast((migration) => migration.name === name)!;
  const migration = join(root, "supabase/migrations", `${label(created)}.sql`);
  const rollback = rollbackFile(root, created);
  await Deno.writeTextFile(
    rollback,
    `-- Takes back ${label(created)}, and keeps all other data.\n`,
  );
  print(`created ${migration}\ncreated ${rollback}`);
  return [migration, rollback];
}

/** Applies what is pending. */
export async function up(context: DbContext): Promise<void> {
  const { pending } = await compare(context);
  if (pending.length === 0) return context.print("nothing to apply: the database is up to date");
  await pushMigrations(context.url, { root: context.root });
  for (const migration of pending) context.print(`applied ${label(migration)}`);
}

/** Takes back the newest migrations. */
export async function down(context: DbContext, count: number): Promise<void> {
  await compare(context);
  const gone = await rollBack(context.url, context.root, count);
  if (gone.length === 0) return context.print("nothing to take back: no migration is applied");
  for (const migration of gone) context.print(`took back ${label(migration)}`);
}

/** Takes everything back and applies it again, with the seed: all rows of this project are lost. */
export async function reset(context: DbContext): Promise<void> {
  const { remote } = await compare(context);
  if (remote.length > 0) await down(context, remote.length);
  await pushMigrations(context.url, { root: context.root, seed: true });
  context.print("applied all migrations and the seed");
}

/** Prints the CLI's table. */
export async function history({ url, root, print }: DbContext): Promise<void> {
  print(await listMigrations(url, root));
}

/** Says how far the database is. @returns whether it is up to date */
export async function status(context: DbContext): Promise<boolean> {
  const { remote, pending } = await compare(context);
  const current = remote.at(-1);
  context.print(`current: ${current ? label(current) : "nothing is applied"}`);
  for (const migration of pending) context.print(`pending: ${label(migration)}`);
  if (pending.length === 0) context.print("the database is up to date");
  return pending.length === 0;
}

/** Name and host of a database, to ask about. */
export function describe(url: string): string {
  const { host, pathname } = new URL(url);
  return `${basename(pathname)} on ${host}`;
}
