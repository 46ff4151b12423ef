/**
 * The data folder of a PostgreSQL server, before the server runs.
 *
 * @module
 */
import { join } from "node:path";
import { Failure } from "./failure.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";

/** The server's superuser. As on the platform, `postgres` is not one. */
export const SUPERUSER = "supabase_admin";

const SETTINGS = [
  `--username=${SUPERUSER}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--locale=C",
  "--no-sync",
];

/**
 * Options of a command that runs with the server's rights. The ids go with the command: a server that
 * is not root must not be started with root's groups.
 */
export function asUser(binaries: PostgresBinaries): Deno.CommandOptions {
  return {
    ...binaries.runAs,
    cwd: "/",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", TZ: "UTC" },
  };
}

/**
 * Creates the data folder of a server.
 *
 * @param dataDir  must not exist; its parent must
 * @param password of the superuser
 * @throws {Failure} with the words of initdb
 */
export async function createCluster(
  { binaries, dataDir, password }: {
    binaries: PostgresBinaries;
    dataDir: string;
    password: string;
  },
): Promise<void> {
  // Built beside its final place and renamed: a start that was killed leaves no half server.
  const staging = `${dataDir}.new`;
  await Deno.remove(staging, { recursive: true }).catch(() => {});
  await Deno.mkdir(staging, { mode: 0o700 });
  const passwordFile = `${staging}.password`;
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (binaries.runAs) {
    for (const path of [staging, passwordFile]) {
      await Deno.chown(path, binaries.runAs.uid, binaries.runAs.gid);
    }
  }
  try {
    const { success, stdout, stderr } = await new Deno.Command(join(binaries.bin, "initdb"), {
      ...asUser(binaries),
      args: [`--pgdata=${staging}`, `--pwfile=${passwordFile}`, ...SETTINGS],
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) {
      const text = new TextDecoder().decode(stderr) || new TextDecoder().decode(stdout);
      throw new Failure(`initdb failed: ${text.trim()}`, "Choose another --data-dir.");
    }
    await Deno.rename(staging, dataDir);
  } finally {
    await Deno.remove(passwordFile).catch(() => {});
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
}
