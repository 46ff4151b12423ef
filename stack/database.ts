/**
 * A database as the platform gives it to a project, with our migrations applied.
 *
 * @module
 */
import { join } from "node:path";
import { getAuthSchemaSql } from "@supabase/lite";
import postgres from "postgres";
import { type DataFolder, openDataFolder } from "./data_folder.ts";
import { Failure } from "./failure.ts";
import { compareHistory, otherFiles } from "./history.ts";
import { applyMigrations } from "./migrations.ts";
import { assertPortIsFree, freePort } from "./ports.ts";
import { preparePostgres } from "./postgres_binaries.ts";
import { findPlace, removeAbandonedPlaces, removePlace } from "./postgres_place.ts";
import { type PostgresOptions, startPostgres } from "./postgres.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";

/** Settings of the database. */
export interface DatabaseOptions {
  dataDir: string;
  /** 0 picks a free one. */
  port: number;
  /** The server's files are removed when it stops. The folder itself is its caller's to remove. */
  ephemeral: boolean;
}

/** A running database. */
export interface LocalDatabase {
  /** What operators and the CLI connect with: the role `postgres`, as on the platform. */
  url: string;
  /** The superuser's address; never printed. */
  adminUrl: string;
  secrets: DataFolder["secrets"];
  /** Resolves when the server has ended unasked and could not be started again. */
  failed: Promise<Failure>;
  /** Tells a listener each time that the server has ended unasked. */
  onLost(listener: () => void): void;
  stop(): Promise<void>;
}

/** Roles and schemas of the platform, once. */
async function preparePlatform(adminUrl: string) {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [{ ready }] = await sql`
      select exists (select from pg_roles where rolname = 'authenticated') as ready
    ` as unknown as [{ ready: boolean }];
    if (ready) return;
    const platform = await Deno.readTextFile(join(PROJECT_ROOT, "stack/platform.sql"));
    // The platform's own auth server does the same: the tables are its, `postgres` may use them.
    const auth = getAuthSchemaSql() +
      "\ngrant all on all tables in schema auth to postgres with grant option;" +
      "\ngrant all on all routines in schema auth to postgres with grant option;";
    await sql.begin(async (tx) => {
      await tx.unsafe(platform);
      await tx.unsafe(auth);
    });
  } finally {
    await sql.end();
  }
}

/**
 * Brings our part of the database up to date.
 *
 * @throws {Failure} where it was made by other migration files than these, or one can't be applied
 */
async function migrate(url: string, dataDir: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const history = await compareHistory(sql, PROJECT_ROOT);
    const message = otherFiles(history);
    if (message !== undefined) {
      throw new Failure(
        message,
        `Move ${dataDir} away, or start on another folder with --data-dir. The version of the ` +
          "project that made it opens it. Nothing was changed.",
      );
    }
    await applyMigrations(sql, history.pending);
  } finally {
    await sql.end();
  }
}

/** Starts the server, and starts it again when it ends unasked. */
async function keepRunning(options: PostgresOptions) {
  let server = await startPostgres(options);
  let stopping = false;
  const failed = Promise.withResolvers<Failure>();
  const listeners: (() => void)[] = [];
  const watch = async () => {
    while (!stopping) {
      await server.ended;
      if (stopping) return;
      for (const listener of listeners) listener();
      try {
        server = await startPostgres(options);
      } catch (error) {
        failed.resolve(error as Failure);
        return;
      }
    }
  };
  const watching = watch();
  return {
    adminUrl: server.adminUrl,
    failed: failed.promise,
    onLost: (listener: () => void) => void listeners.push(listener),
    async stop() {
      stopping = true;
      await server.stop();
      await watching;
      // It may have been starting again just then.
      await server.stop();
    },
  };
}

/**
 * Starts the database, creates it where needed and brings it up to date.
 *
 * @throws {Failure} where a port is taken, the folder is in use, damaged or made by other migrations, or a
 * migration fails
 */
export async function startDatabase(options: DatabaseOptions): Promise<LocalDatabase> {
  const { dataDir, ephemeral } = options;
  if (options.port !== 0) assertPortIsFree(options.port, "--db-port");
  const port = options.port || freePort();
  const binaries = await preparePostgres();
  await removeAbandonedPlaces(binaries);
  const folder = await openDataFolder(dataDir);
  const postgresDir = await findPlace(folder, binaries, ephemeral);
  const release = async () => {
    if (ephemeral) await removePlace(postgresDir, binaries).catch(() => {});
    folder.release();
  };
  try {
    const server = await keepRunning({
      binaries,
      dataDir: postgresDir,
      port,
      password: folder.secrets.superuser_password,
      ephemeral,
      logFile: join(dataDir, "postgres.log"),
    });
    const stop = async () => {
      await server.stop();
      await release();
    };
    const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`;
    try {
      await preparePlatform(server.adminUrl);
      await migrate(url, dataDir);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const { adminUrl, failed, onLost } = server;
    return { url, adminUrl, failed, onLost, secrets: folder.secrets, stop };
  } catch (error) {
    await release();
    throw error;
  }
}
