import postgres from "postgres";
import type { LocalDatabase } from "./database.ts";
import { openDataFolder } from "./data_folder.ts";
import { Failure, misuse, unreachable } from "./failure.ts";
import { compareHistory, otherFiles } from "./history.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";

/**
 * Opens a database that somebody else runs. It is neither migrated nor seeded.
 *
 * @param url     its address, with a role that may become anon, authenticated and service_role
 * @param dataDir keeps the secrets of the local sign-in
 * @throws {Failure} where it can't be reached, lacks the platform's roles or our tables, or was made by
 * other migration files
 */
export async function openExternalDatabase(
  url: string | undefined,
  dataDir: string,
): Promise<LocalDatabase> {
  if (!url) throw misuse("--external-db needs DATABASE_URL", "See .env.example.");
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const [found] = await sql`
      select to_regclass('auth.users') is not null as platform,
             to_regclass('public.chats') is not null as migrated
    `;
    if (!found!["platform"]) {
      throw new Failure("DATABASE_URL is not a Supabase database", "It has no table auth.users.");
    }
    if (!found!["migrated"]) {
      throw new Failure(
        "the database of DATABASE_URL has none of our tables",
        "Apply the migrations first: supabase db push --remote=$DATABASE_URL",
      );
    }
    // Its application may have migrations of its own; health says what it lacks of ours.
    const { changed } = await compareHistory(sql, PROJECT_ROOT);
    const message = otherFiles({ changed });
    if (message) {
      throw new Failure(
        message,
        "Get the version of the project that made it, or another database.",
      );
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    // The driver's error may quote the address, and with it the password.
    const { code } = error as { code?: string };
    throw unreachable(
      `DATABASE_URL can't be reached: ${new URL(url).host} (${code})`,
      "Check address and password.",
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
  const folder = await openDataFolder(dataDir);
  return {
    url,
    adminUrl: url,
    secrets: folder.secrets,
    failed: new Promise(() => {}),
    onLost: () => {},
    stop: () => Promise.resolve(folder.release()),
  };
}
