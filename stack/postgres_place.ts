/**
 * Where PostgreSQL keeps a data folder's database.
 *
 * In the folder itself, except for root: the server then runs as another user, who may not be able to
 * enter the folder. Its files lie in a place of their own, which the folder's id names: a folder that
 * is moved keeps its database.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { DataFolder } from "./data_folder.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";

/** What a place says of itself. */
interface Owner {
  /** The data folder, when the place was made. */
  path: string;
  /** The folder was made for one run. */
  ephemeral: boolean;
}

const OWNER_FILE = "owner.json";

/** Finds, or makes, the place of a folder. @returns the server's data folder; it may not exist yet */
export async function findPlace(
  { path, secrets: { stack_id } }: Pick<DataFolder, "path" | "secrets">,
  { home, runAs }: PostgresBinaries,
  ephemeral: boolean,
): Promise<string> {
  if (!home || !runAs) return join(path, "postgres");
  const place = join(home, `data-${stack_id}`);
  await Deno.mkdir(place, { recursive: true });
  await Deno.chmod(place, 0o711);
  const owner: Owner = { path, ephemeral };
  await Deno.writeTextFile(join(place, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
  await Deno.chown(place, runAs.uid, runAs.gid);
  return join(place, "postgres");
}

/** Removes a server's data folder that {@link findPlace} found. */
export async function removePlace(postgresDir: string, { home }: PostgresBinaries): Promise<void> {
  await Deno.remove(home ? dirname(postgresDir) : postgresDir, { recursive: true });
}

/**
 * Removes what runs left that were killed: places of ephemeral folders that are gone. What somebody
 * wanted to keep is never removed by inference.
 */
export async function removeAbandonedPlaces({ home }: PostgresBinaries): Promise<void> {
  if (!home) return;
  for await (const { name } of Deno.readDir(home)) {
    const place = join(home, name);
    const text = await Deno.readTextFile(join(place, OWNER_FILE)).catch(() => "{}");
    const { path, ephemeral }: Partial<Owner> = JSON.parse(text);
    if (!ephemeral || !path) continue;
    const folder = await Deno.stat(path).catch(() => undefined);
    if (!folder) await Deno.remove(place, { recursive: true }).catch(() => {});
  }
}
