/**
 * `deno run -A tools/install.ts small|all`: installs the npm packages that a command needs, once, and
 * quietly. A process of its own, which imports none of them: Deno looks for them when it starts.
 *
 * Deno would install all that deno.lock names before any task, with two lines for each package. A first
 * start needs neither the tools of the tests nor the Supabase CLI, which are most of the bytes.
 *
 * @module
 */
import { join } from "node:path";
import { Failure, reportFailure } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { packagesOf } from "./lock_subset.ts";

/** Which packages: those of deno.json, or those of package.json too. */
type PackageSet = "small" | "all";

const FOLDER = join(PROJECT_ROOT, "node_modules");
/** What is installed: the files that said so, and which set it was. */
const STAMP = join(FOLDER, ".installed");
/** The part of deno.lock that the small set needs: of a whole one Deno installs everything. */
const SMALL_LOCK = join(FOLDER, ".small.lock");

const read = (name: string) => Deno.readTextFile(join(PROJECT_ROOT, name));

async function fingerprint(texts: string[]): Promise<string> {
  const bytes = new TextEncoder().encode(texts.join("\0"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function install(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen", ...args],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Failure(
    `the packages could not be installed: ${new TextDecoder().decode(stderr).trim()}`,
    "The first run of a command needs the npm registry. Run it again when it can be reached.",
  );
}

/**
 * Installs the set where it is not installed as deno.json, package.json and deno.lock have it.
 *
 * @throws {Failure} where the registry can't be reached, or deno.lock does not fit the other two
 */
async function installPackages(set: PackageSet): Promise<void> {
  const [manifest, tools, lock] = await Promise.all(
    ["deno.json", "package.json", "deno.lock"].map(read),
  ) as [string, string, string];
  const found = await fingerprint([manifest, tools, lock]);
  const installed = await Deno.readTextFile(STAMP).catch(() => "");
  if (installed === `${found} all` || installed === `${found} ${set}`) return;
  console.error(`Installing packages, this once (about ${set === "small" ? 280 : 480} MB) …`);
  if (set === "all") {
    await install([]);
  } else {
    await Deno.mkdir(FOLDER, { recursive: true });
    await Deno.writeTextFile(SMALL_LOCK, packagesOf(lock, JSON.parse(manifest).imports));
    await install(["--prod", `--lock=${SMALL_LOCK}`]);
  }
  await Deno.writeTextFile(STAMP, `${found} ${set}`);
}

try {
  await installPackages(Deno.args[0] === "small" ? "small" : "all");
} catch (error) {
  Deno.exit(reportFailure(error));
}
