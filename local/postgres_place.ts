/**
 * Where PostgreSQL keeps a data folder's database.
 *
 * In the folder itself, except for root: the server then runs as another user, who may not be able to
 * enter the folder. Its files lie in a place of their own, under a name made of the folder's path.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import type { DataFolder } from "./data_folder.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";

/** Tells which folder a place belongs to. */
interface Owner {
  path: string;
  /** A folder that was deleted and made again has another one. */
  stack_id: string;
}

const OWNER_FILE = "owner.json";

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    return undefined;
  }
}

/** Finds, or makes, the place of a folder. @returns the server's data folder; it may not exist yet */
export async function findPlace(
  { path, secrets: { stack_id } }: DataFolder,
  { home, runAs }: PostgresBinaries,
): Promise<string> {
  if (!home || !runAs) return join(path, "postgres");
  const key = createHash("sha256").update(resolve(path)).digest("hex").slice(0, 16);
  const place = join(home, `data-${key}`);
  const owner = await readJson<Owner>(join(place, OWNER_FILE));
  if (owner?.stack_id !== stack_id) {
    await Deno.remove(place, { recursive: true }).catch(() => {});
    await Deno.mkdir(place, { recursive: true });
    await Deno.chmod(place, 0o711);
    const facts: Owner = { path: resolve(path), stack_id };
    await Deno.writeTextFile(join(place, OWNER_FILE), JSON.stringify(facts), { mode: 0o600 });
    await Deno.chown(place, runAs.uid, runAs.gid);
  }
  return join(place, "postgres");
}

/** Removes a server's data folder that {@link findPlace} found. */
export async function removePlace(postgresDir: string, { home }: PostgresBinaries): Promise<void> {
  await Deno.remove(home ? dirname(postgresDir) : postgresDir, { recursive: true });
}

/**
 * Removes the places of folders that were deleted. A folder whose parent is missing too may be on a
 * disk that is not mounted: its place stays.
 */
export async function removeAbandonedPlaces({ home }: PostgresBinaries): Promise<void> {
  if (!home) return;
  for await (const { name } of Deno.readDir(home)) {
    const place = join(home, name);
    const owner = name.startsWith("data-")
      ? await readJson<Owner>(join(place, OWNER_FILE))
      : undefined;
    if (!owner) continue;
    const secrets = await readJson<Owner>(join(owner.path, "secrets.json"));
    const parent = await Deno.stat(dirname(owner.path)).catch(() => undefined);
    if (secrets?.stack_id !== owner.stack_id && parent) {
      await Deno.remove(place, { recursive: true }).catch(() => {});
    }
  }
}
