import { join } from "node:path";
import { findPlace, removePlace } from "../../stack/postgres_place.ts";
import { preparePostgres } from "../../stack/postgres_binaries.ts";

/** Removes a test's data folder, and the database that it may have elsewhere. */
export async function removeDataFolder(path: string): Promise<void> {
  const text = await Deno.readTextFile(join(path, "secrets.json")).catch(() => "");
  if (text.endsWith("}")) {
    const binaries = await preparePostgres();
    const place = await findPlace({ path, secrets: JSON.parse(text) }, binaries, true);
    await removePlace(place, binaries);
  }
  await Deno.remove(path, { recursive: true });
}
