/**
 * The folder that keeps what must survive: secrets, the database, the bucket.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { Failure } from "./failure.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";
import { generateTokenSecrets, type TokenSecrets } from "./tokens.ts";

/** What `secrets.json` keeps. Readable by the folder's owner only. */
export interface StackSecrets extends TokenSecrets {
  /** Tells this folder from another that was at the same path before. */
  stack_id: string;
  superuser_password: string;
}

/** A data folder that this process has to itself. */
export interface DataFolder {
  path: string;
  secrets: StackSecrets;
  /** Where PostgreSQL's files are: inside, or, for root, where its user can reach them. */
  postgresDir: string;
  /** Lets other processes use the folder. */
  release(): void;
}

async function lock(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(join(path, "lock"), { create: true, write: true, mode: 0o600 });
  // The kernel gives the lock back however the process ends.
  const locked = await Promise.race([
    file.lock(true).then(() => true),
    new Promise<boolean>((done) => setTimeout(() => done(false), 500)),
  ]);
  if (locked) return file;
  throw new Failure(
    `another stack is running on ${path}`,
    "Stop it first, or choose another --data-dir.",
  );
}

async function readSecrets(path: string): Promise<StackSecrets> {
  const file = join(path, "secrets.json");
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Failure(
        `${file} is damaged`,
        `Delete ${path} to start afresh; its data can't be opened without it.`,
      );
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const secrets: StackSecrets = {
    stack_id: crypto.randomUUID(),
    superuser_password: crypto.randomUUID(),
    ...await generateTokenSecrets(),
  };
  await Deno.writeTextFile(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 });
  await Deno.rename(`${file}.new`, file);
  return secrets;
}

/**
 * For root the server's files lie outside of the folder, under a name made of its path. A folder that
 * was deleted and made again has another id: then the old files go.
 */
async function placeOutside(path: string, stackId: string, binaries: PostgresBinaries) {
  const { home, runAs } = binaries;
  const key = createHash("sha256").update(resolve(path)).digest("hex").slice(0, 16);
  const place = join(home!, `data-${key}`);
  const idFile = join(place, "stack-id");
  const found = await Deno.readTextFile(idFile).catch(() => undefined);
  if (found !== stackId) {
    await Deno.remove(place, { recursive: true }).catch(() => {});
    await Deno.mkdir(place, { recursive: true, mode: 0o711 });
    await Deno.chmod(place, 0o711);
    await Deno.writeTextFile(idFile, stackId, { mode: 0o600 });
  }
  const dir = join(place, "postgres");
  await Deno.chown(place, runAs!.uid, runAs!.gid);
  return dir;
}

/**
 * Opens a data folder, which is created when it does not exist.
 *
 * @throws {Failure} where it is in use, damaged or can't be written
 */
export async function openDataFolder(
  path: string,
  binaries: PostgresBinaries,
): Promise<DataFolder> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure(
      `the data folder ${path} can't be created: ${(cause as Error).message}`,
      "Choose another --data-dir.",
      { cause },
    );
  }
  const held = await lock(path).catch((error) => {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `the data folder ${path} can't be written: ${error.message}`,
      "Choose another --data-dir, or mend its rights.",
      { cause: error },
    );
  });
  try {
    const secrets = await readSecrets(path);
    return {
      path,
      secrets,
      postgresDir: binaries.home
        ? await placeOutside(path, secrets.stack_id, binaries)
        : join(path, "postgres"),
      release: () => held.close(),
    };
  } catch (error) {
    held.close();
    throw error;
  }
}

/** Removes a folder with everything that belongs to it, PostgreSQL's files included. */
export async function removeDataFolder({ path, postgresDir }: DataFolder): Promise<void> {
  const outside = !resolve(postgresDir).startsWith(resolve(path));
  if (outside) await Deno.remove(join(postgresDir, ".."), { recursive: true });
  await Deno.remove(path, { recursive: true });
}
