/**
 * Takes migrations back, with the files in supabase/rollbacks. The CLI's own `migration down` drops
 * everything and replays: it loses all data.
 *
 * @module
 */
import { join } from "node:path";
import postgres from "postgres";
import { Failure, unreachable } from "../stack/failure.ts";

/** A migration that a database has. */
export interface AppliedMigration {
  version: string;
  name: string;
}

/** File that takes a migration back. @param root folder that holds `supabase/` */
export function rollbackFile(root: string, { version, name }: AppliedMigration): string {
  return join(root, "supabase/rollbacks", `${version}_${name}.down.sql`);
}

/** Turns what the driver throws into words without the address and its password. */
function connectionFailure(error: unknown): never {
  if (error instanceof Failure) throw error;
  const { code, message, severity } = error as {
    code?: string;
    message: string;
    severity?: string;
  };
  if (severity) throw new Failure(message, "Nothing was changed.", { cause: error });
  throw unreachable(
    `the database can't be reached (${code ?? "no answer"})`,
    "Check the address and the line; `deno task db status` tells how far the database is.",
  );
}

async function connected<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await work(sql);
  } catch (error) {
    connectionFailure(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/**
 * Runs work in a transaction. The driver's own `begin` sends a rollback down a line that is dead, which
 * ends the process; a server that loses its client rolls back by itself.
 */
async function transaction<T>(
  sql: postgres.Sql,
  work: (tx: postgres.ReservedSql) => Promise<T>,
): Promise<T> {
  const tx = await sql.reserve();
  await tx`begin`;
  let alive = true;
  try {
    const result = await work(tx);
    await tx`commit`;
    return result;
  } catch (error) {
    const { severity } = (error instanceof Failure ? error.cause ?? {} : error) as object & {
      severity?: string;
    };
    alive = severity !== undefined || error instanceof Failure && error.cause === undefined;
    if (alive) await tx`rollback`;
    throw error;
  } finally {
    if (alive) tx.release();
  }
}

async function applied(sql: postgres.ISql): Promise<AppliedMigration[]> {
  const [found] = await sql`
    select to_regclass('auth.users') is not null as platform,
           to_regclass('supabase_migrations.schema_migrations') is not null as history`;
  if (!found!["platform"]) {
    throw new Failure("this is not a Supabase database", "It has no table auth.users.");
  }
  if (!found!["history"]) return [];
  return await sql<AppliedMigration[]>`
    select version, name from supabase_migrations.schema_migrations order by version`;
}

/** The migrations that a database has, oldest first. @throws {Failure} where it is not a Supabase one */
export function appliedMigrations(url: string): Promise<AppliedMigration[]> {
  return connected(url, applied);
}

/** Reads the rollbacks before anything is changed. */
async function readRollbacks(root: string, migrations: AppliedMigration[]) {
  return await Promise.all(migrations.map(async (migration) => {
    const file = rollbackFile(root, migration);
    try {
      return { ...migration, script: await Deno.readTextFile(file) };
    } catch {
      throw new Failure(
        `${migration.version}_${migration.name} has no rollback`,
        `Write ${file}, or restore a backup. Nothing was changed.`,
      );
    }
  }));
}

/**
 * Takes back the newest migrations, all of them or none, and the CLI's history with them.
 *
 * @param root  folder that holds `supabase/`
 * @param count how many
 * @returns what was taken back, newest first
 * @throws {Failure} where a rollback is missing or fails; nothing is changed then
 */
export function rollBack(url: string, root: string, count: number): Promise<AppliedMigration[]> {
  return connected(url, (sql) =>
    transaction(sql, async (tx) => {
      const all = await applied(tx);
      const newest = all.toReversed().slice(0, count);
      if (newest.length === 0) return [];
      await tx`lock table supabase_migrations.schema_migrations in exclusive mode`;
      for (const { version, name, script } of await readRollbacks(root, newest)) {
        try {
          await tx.unsafe(script).simple();
        } catch (error) {
          const { message, severity } = error as Error & { severity?: string };
          if (!severity) throw error;
          throw new Failure(
            `the rollback of ${version}_${name} failed: ${message}`,
            "Nothing was changed.",
            { cause: error },
          );
        }
        await tx`delete from supabase_migrations.schema_migrations where version = ${version}`;
      }
      const [found] = await tx`select to_regclass('supabase_migrations.seed_files') as seeds`;
      // The rows of the seed went with the tables: the CLI must not take it for applied.
      if (newest.length === all.length && found!["seeds"]) {
        await tx`delete from supabase_migrations.seed_files`;
      }
      return newest.map(({ version, name }) => ({ version, name }));
    }));
}
