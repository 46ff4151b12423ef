import { join } from "node:path";
import { preparePostgres } from "../../stack/postgres_binaries.ts";
import { findPlace } from "../../stack/postgres_place.ts";

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  // With owners and rights: the server is another user's.
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(`${from} can't be copied`);
}

/** A copy of a database's files, as a physical backup is. */
export interface DatabaseBackup extends AsyncDisposable {
  /** Puts it back, in place of what is there, or where the database of another data folder is. */
  restore(dataDir?: string): Promise<void>;
}

/** Copies the files of a stack's database. The stack must have been stopped. */
export async function backUpDatabase(dataDir: string): Promise<DatabaseBackup> {
  const binaries = await preparePostgres();
  const placeOf = async (path: string) => {
    const secrets = JSON.parse(await Deno.readTextFile(join(path, "secrets.json")));
    return await findPlace({ path, secrets }, binaries, false);
  };
  const copy = await Deno.makeTempDir({ prefix: "chat-archive-backup-" });
  await copyFolder(await placeOf(dataDir), join(copy, "postgres"));
  return {
    restore: async (to = dataDir) => await copyFolder(join(copy, "postgres"), await placeOf(to)),
    [Symbol.asyncDispose]: () => Deno.remove(copy, { recursive: true }),
  };
}
