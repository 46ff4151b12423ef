/** What benchmarks run on: databases and stacks of their own, and users of theirs. */
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import type { Database } from "@shared/database.types.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { startDatabase } from "../../stack/database.ts";
import { startStack } from "../../stack/stack.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { removeDataFolder } from "../../tests/support/data_folder.ts";
import { startStackProcess } from "../../tests/support/stack_process.ts";

const temporary = () => Deno.makeTempDir({ prefix: "chat-archive-bench-" });

/** Works on a migrated database. @param work is given the operator's address and the superuser's */
export async function withDatabase<T>(
  work: (database: { url: string; adminUrl: string }) => Promise<T>,
): Promise<T> {
  const folder = await temporary();
  const database = await startDatabase({ dataDir: join(folder, "data"), port: 0, ephemeral: true });
  try {
    return await work(database);
  } finally {
    await database.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Works on a stack in this process.
 *
 * @param prepare SQL that adds functions: the embedded API reads the schema when it starts
 */
export async function withStack<T>(
  work: (status: StackStatus) => Promise<T>,
  prepare?: string,
): Promise<T> {
  const folder = await temporary();
  const start = (ephemeral: boolean) =>
    startStack({
      port: 0,
      dbPort: 0,
      dataDir: join(folder, "stack"),
      ephemeral,
      externalS3: false,
      externalDb: false,
      worker: false,
      env: { LOG_LEVEL: "error" },
      print: () => {},
    });
  try {
    if (prepare) {
      const first = await start(false);
      await withSql(first.status.DB_URL, (sql) => sql.unsafe(prepare));
      await first.stop();
    }
    const stack = await start(prepare === undefined);
    try {
      return await work(stack.status);
    } finally {
      await stack.stop();
    }
  } finally {
    if (prepare) await removeDataFolder(join(folder, "stack"));
    await Deno.remove(folder, { recursive: true });
  }
}

/** Works on a stack in another process, with its data on disk, as it is used. */
export async function withStackProcess<T>(work: (status: StackStatus) => Promise<T>): Promise<T> {
  const folder = await temporary();
  try {
    await using stack = await startStackProcess({ dataDir: folder, env: { LOG_LEVEL: "error" } });
    return await work(stack.status);
  } finally {
    await removeDataFolder(folder);
  }
}

/** Works on one connection. */
export async function withSql<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** Goes on as a user under the rules, as PostgREST does, or as oneself again. */
export async function become(
  sql: postgres.Sql,
  user: string | null,
  role = "authenticated",
): Promise<void> {
  await sql`reset role`;
  if (user === null) return;
  const claims = JSON.stringify({ sub: user, role });
  await sql`select set_config('request.jwt.claims', ${claims}, false)`;
  await sql.unsafe(`set role ${role}`);
}

/** A client of a stack, with a key of its. */
export function clientOf(
  status: StackStatus,
  key: string = status.PUBLISHABLE_KEY,
  global: { headers?: Record<string, string>; fetch?: typeof fetch } = {},
): ArchiveClient {
  return createClient<Database>(status.API_URL, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    global,
  });
}

/** A signed-in user. */
export interface BenchUser {
  id: string;
  token: string;
  db: ArchiveClient;
}

/** Signs up a user. */
export async function signUp(
  status: StackStatus,
  db: ArchiveClient = clientOf(status),
): Promise<BenchUser> {
  const { data, error } = await db.auth.signUp({
    email: `${crypto.randomUUID()}@example.com`,
    password: "bench-password",
  });
  if (error) throw error;
  return { id: data.user!.id, token: data.session!.access_token, db };
}

/** A new chat of a user. @returns its id */
export async function createChat({ db }: BenchUser): Promise<string> {
  const { data, error } = await db.from("chats").insert({ title: "Bench" }).select("id").single();
  if (error) throw error;
  return data.id;
}
