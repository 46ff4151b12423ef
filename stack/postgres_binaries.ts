/**
 * Finds the PostgreSQL server that npm delivered, and makes it complete and reachable.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Failure } from "./failure.ts";
import { makeLibraryLinks } from "./patches/embedded_postgres_links.ts";

/** Where PostgreSQL's files for this machine are, and whose rights the server takes. */
export interface PostgresBinaries {
  /** Folder of initdb, pg_ctl and postgres. */
  bin: string;
  /** Set when this process is root: PostgreSQL refuses to run as root. */
  runAs?: { uid: number; gid: number };
  /** Where the server's data may live when `runAs` is set: reachable by that user. */
  home?: string;
}

/** Only root can write here, so no other user can have prepared it. */
const ROOT_HOME = "/var/lib/chat-archive-stack";

function packageFolder(): { native: string; version: string } {
  const require = createRequire(import.meta.url);
  const architecture = { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch] ?? Deno.build.arch;
  const name = `@embedded-postgres/${Deno.build.os}-${architecture}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours.
    const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
    const root = join(dirname(entry), "..");
    const { version } = JSON.parse(Deno.readTextFileSync(join(root, "package.json")));
    return { native: join(root, "native"), version };
  } catch (cause) {
    throw new Failure(
      `no PostgreSQL for ${Deno.build.os} on ${Deno.build.arch} (${name})`,
      "Run `deno install`, or use `supabase start` with Docker on this platform.",
      { cause },
    );
  }
}

async function copyForOtherUser(native: string, version: string): Promise<string> {
  const target = join(ROOT_HOME, `postgresql-${version}`);
  try {
    await Deno.stat(target);
    return target;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(ROOT_HOME, { recursive: true, mode: 0o755 });
  const staging = await Deno.makeTempDir({ dir: ROOT_HOME, prefix: "staging-" });
  try {
    const { success, stderr } = await new Deno.Command("cp", {
      args: ["-R", `${native}/.`, staging],
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`cp: ${new TextDecoder().decode(stderr)}`);
    await Deno.chmod(staging, 0o755);
    // Whole or not at all: another start may be copying at the same time.
    await Deno.rename(staging, target).catch(async (error) => {
      await Deno.stat(target).catch(() => {
        throw error;
      });
    });
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
  return target;
}

function unprivilegedUser(): { uid: number; gid: number } {
  // initdb needs a name for its user id, so it has to be one that exists.
  const accounts = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  const account = accounts.find(([name]) => name === "nobody");
  if (!account) {
    throw new Failure(
      "PostgreSQL refuses to run as root, and this machine has no user `nobody`",
      "Run the stack as a plain user.",
    );
  }
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/**
 * Prepares the PostgreSQL binaries of this machine.
 *
 * @throws {Failure} where npm has none for the platform
 */
export async function preparePostgres(): Promise<PostgresBinaries> {
  const { native, version } = packageFolder();
  makeLibraryLinks(native);
  if (Deno.uid() !== 0) return { bin: join(native, "bin") };
  // The project may lie in a folder that only its owner can enter.
  return {
    bin: join(await copyForOtherUser(native, version), "bin"),
    runAs: unprivilegedUser(),
    home: ROOT_HOME,
  };
}
