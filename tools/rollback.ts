/**
 * Takes migrations back, with the files in supabase/rollbacks. The CLI's own `migration down` drops
 * everything and replays: it loses all data.
 *
 * @module
 */
import { join } from "node:path";
import postgres from "postgres";
import { Failure, unreachable } from "../stack/failure.ts";
import {
  type AppliedMigration,
  compareHistory,
  type History,
  labelOf,
  type Migration,
  readHistory,
} from "../stack/history.ts";
import { rowsAtStake } from "./rows_at_stake.ts";

/** File that takes a migration back. @param root folder that holds `supabase/` */
export function rollbackFile(root: string, migration: Migration): string {
  return join(root, "supabase/rollbacks", `${labelOf(migration)}.down.sql`);
}

/** Turns what the driver throws into words, with the address but without its password. */
function connectionFailure(url: string, error: unknown): never {
  if (error instanceof Failure) throw error;
  const { code, message, severity } = error as {
    code?: string;
    message: string;
    severity?: string;
  };
  if (severity) throw new Failure(message, "Nothing was changed.", { cause: error });
  throw unreachable(
    `the database at ${new URL(url).host} can't be reached (${code ?? "no answer"})`,
    "Correct the address or the password, or start what should answer there.",
  );
}

async function connected<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await work(sql);
  } catch (error) {
    connectionFailure(url, error);
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

async function refuseOtherThanSupabase(sql: postgres.ISql) {
  const [found] = await sql`select to_regclass('auth.users') is not null as platform`;
  if (found!["platform"]) return;
  throw new Failure("this is not a Supabase database", "It has no table auth.users.");
}

/** The migrations that a database has, oldest first. @throws {Failure} where it is not a Supabase one */
export function appliedMigrations(url: string): Promise<AppliedMigration[]> {
  return connected(url, async (sql) => {
    await refuseOtherThanSupabase(sql);
    return await readHistory(sql);
  });
}

/**
 * Compares a database with the migrations of a project.
 *
 * @param root folder that holds `supabase/`
 * @throws {Failure} where it is not a Supabase database
 */
export function historyOf(url: string, root: string): Promise<History> {
  return connected(url, async (sql) => {
    await refuseOtherThanSupabase(sql);
    return await compareHistory(sql, root);
  });
}

interface Rollback {
  migration: Migration;
  script: string;
}

/** Reads the rollbacks before anything is changed. */
async function readRollbacks(root: string, migrations: Migration[]): Promise<Rollback[]> {
  return await Promise.all(migrations.map(async (migration) => {
    const file = rollbackFile(root, migration);
    try {
      return { migration, script: await Deno.readTextFile(file) };
    } catch {
      throw new Failure(
        `${labelOf(migration)} has no rollback`,
        `Write ${file}, or restore a backup. Nothing was changed.`,
      );
    }
  }));
}

async function runRollback(tx: postgres.ISql, { migration, script }: Rollback) {
  try {
    await tx.unsafe(script).simple();
  } catch (error) {
    const { message, severity } = error as Error & { severity?: string };
    if (!severity) throw error;
    throw new Failure(
      `the rollback of ${labelOf(migration)} failed: ${message}`,
      "Nothing was changed.",
      { cause: error },
    );
  }
}

/** @throws {Failure} where tables with rows would be dropped */
async function refuseToLoseRows(tx: postgres.ISql, rollbacks: Rollback[]) {
  const scripts = rollbacks.map(({ script }) => script);
  const lost = await rowsAtStake(tx, scripts, async () => {
    for (const rollback of rollbacks) await runRollback(tx, rollback);
  });
  if (lost.length === 0) return;
  const counts = lost.map(({ table, rows }) =>
    `${rows} ${rows === 1 ? "row" : "rows"} of ${table}`
  );
  throw new Failure(
    `this would drop ${counts.join(", ")}`,
    "Add --drop-data to lose them; --yes is not enough. Nothing was changed.",
  );
}

/** What a rollback may do. */
export interface RollbackOptions {
  /** Drops tables that have rows, too. */
  dropData?: boolean;
}

/**
 * Takes back the newest migrations, all of them or none, and the CLI's history with them.
 *
 * @param root  folder that holds `supabase/`
 * @param count how many
 * @returns what was taken back, newest first
 * @throws {Failure} where a rollback is missing or fails, or would drop a table with rows; nothing is
 * changed then
 */
export function rollBack(
  url: string,
  root: string,
  count: number,
  { dropData = false }: RollbackOptions = {},
): Promise<Migration[]> {
  return connected(url, (sql) =>
    transaction(sql, async (tx) => {
      await refuseOtherThanSupabase(tx);
      const all = await readHistory(tx);
      const newest = all.toReversed().slice(0, count);
      if (newest.length === 0) return [];
      await tx`lock table supabase_migrations.schema_migrations in exclusive mode`;
      const rollbacks = await readRollbacks(root, newest);
      if (!dropData) await refuseToLoseRows(tx, rollbacks);
      for (const rollback of rollbacks) {
        await runRollback(tx, rollback);
        const { version } = rollback.migration;
        await tx`delete from supabase_migrations.schema_migrations where version = ${version}`;
      }
      const [found] = await tx`select to_regclass('supabase_migrations.seed_files') as seeds`;
      // The rows of the seed went with the tables: the CLI must not take it for applied.
      if (newest.length === all.length && found!["seeds"]) {
        await tx`delete from supabase_migrations.seed_files`;
      }
      return newest;
    }));
}
