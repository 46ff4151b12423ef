/**
 * What `deno task db` does.
 *
 * @module
 */
import { basename, join } from "node:path";
import { Failure } from "../stack/failure.ts";
import { listMigrations, pushMigrations } from "../stack/migrations.ts";
import { type History, labelOf, localMigrations, otherFiles } from "../stack/history.ts";
import { historyOf, rollBack, rollbackFile, type RollbackOptions } from "./rollback.ts";
import { supabase } from "../stack/supabase_cli.ts";

/** Where a command works. */
export interface DbContext {
  /** Address of the database. */
  url: string;
  /** Folder that holds `supabase/`. */
  root: string;
  print(line: string): void;
}

/** @throws {Failure} where the database was made by other migration files than the project's */
function refuseOtherFiles({ foreign, changed = [] }: Pick<History, "foreign"> & Partial<History>) {
  const message = otherFiles({ foreign, changed });
  if (message === undefined) return;
  throw new Failure(
    message,
    foreign.length > 0
      ? "Get the version of the project that made it, or use a fresh database. Nothing was changed."
      : "`deno task db reset` makes it anew, without its rows; the version of the project that made it " +
        "keeps them. Nothing was changed.",
  );
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
  const migration = join(root, "supabase/migrations", `${labelOf(created)}.sql`);
  const rollback = rollbackFile(root, created);
  await Deno.writeTextFile(
    rollback,
    `-- Takes back ${labelOf(created)}, and keeps all other data.\n`,
  );
  print(`created ${migration}\ncreated ${rollback}`);
  return [migration, rollback];
}

/** Applies what is pending. */
export async function up(context: DbContext): Promise<void> {
  const history = await historyOf(context.url, context.root);
  refuseOtherFiles(history);
  const { pending } = history;
  if (pending.length === 0) return context.print("nothing to apply: the database is up to date");
  await pushMigrations(context.url, { root: context.root });
  for (const migration of pending) context.print(`applied ${labelOf(migration)}`);
}

/** Takes back the newest migrations. @throws {Failure} where rows would be lost, without `dropData` */
export async function down(
  context: DbContext,
  count: number,
  options: RollbackOptions = {},
): Promise<void> {
  // A rollback may well fit what was applied; where it does not, it fails and changes nothing.
  const { foreign } = await historyOf(context.url, context.root);
  refuseOtherFiles({ foreign });
  const gone = await rollBack(context.url, context.root, count, options);
  if (gone.length === 0) return context.print("nothing to take back: no migration is applied");
  for (const migration of gone) context.print(`took back ${labelOf(migration)}`);
}

/**
 * Takes everything back and applies it again, with the seed: all rows of this project are lost.
 *
 * @throws {Failure} where there are any, without `dropData`
 */
export async function reset(context: DbContext, options: RollbackOptions = {}): Promise<void> {
  const { applied, foreign } = await historyOf(context.url, context.root);
  refuseOtherFiles({ foreign });
  if (applied.length > 0) await down(context, applied.length, options);
  await pushMigrations(context.url, { root: context.root, seed: true });
  context.print("applied all migrations and the seed");
}

/** Prints the CLI's table. */
export async function history({ url, root, print }: DbContext): Promise<void> {
  print(await listMigrations(url, root));
}

/** Says how far the database is. @returns whether it is up to date */
export async function status(context: DbContext): Promise<boolean> {
  const history = await historyOf(context.url, context.root);
  refuseOtherFiles(history);
  const { applied, pending } = history;
  const current = applied.at(-1);
  context.print(`current: ${current ? labelOf(current) : "nothing is applied"}`);
  for (const migration of pending) context.print(`pending: ${labelOf(migration)}`);
  if (pending.length === 0) context.print("the database is up to date");
  return pending.length === 0;
}

/** Name and host of a database, to ask about. */
export function describe(url: string): string {
  const { host, pathname } = new URL(url);
  return `${basename(pathname)} on ${host}`;
}
