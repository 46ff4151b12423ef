/**
 * The folder that keeps what must survive: secrets, the database, the bucket.
 *
 * @module
 */
import { join } from "node:path";
import { within } from "@shared/async.ts";
import { Failure } from "./failure.ts";
import { generateTokenSecrets, type TokenSecrets } from "./patches/lite_tokens.ts";

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
  /** Lets other processes use the folder. */
  release(): void;
}

/** For the lock of a process that has just ended. */
const LOCK_TIMEOUT_MS = 500;

async function lock(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(join(path, "lock"), { create: true, write: true, mode: 0o600 });
  // The kernel gives the lock back however the process ends.
  try {
    await within(LOCK_TIMEOUT_MS, () => file.lock(true));
    return file;
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
    throw new Failure(
      `another stack is running on ${path}`,
      "Stop it first, or choose another --data-dir.",
    );
  }
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
 * Opens a data folder, which is created when it does not exist.
 *
 * @throws {Failure} where it is in use, damaged or can't be written
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
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
      "Choose another --data-dir, or correct its rights.",
      { cause: error },
    );
  });
  try {
    return { path, secrets: await readSecrets(path), release: () => held.close() };
  } catch (error) {
    held.close();
    throw error;
  }
}
