/**
 * `deno task packages`: are the packages that a deployment gets today those of deno.lock?
 *
 * `supabase functions deploy` uploads no lock file: what the packages of the functions' import map depend
 * on is resolved anew.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { Failure, unreachable } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";
import { ownName } from "./lock_subset.ts";

/** A package with its version, such as `@aws-sdk/core@3.981.0`. */
type Package = string;

const nameOf = (one: Package) => one.slice(0, one.lastIndexOf("@"));

/** Packages that deno.lock does not have. @returns a sentence for each */
export function differences(resolved: Package[], locked: Package[]): string[] {
  return resolved.filter((one) => !locked.includes(one)).toSorted().map((one) => {
    const here = locked.filter((other) => nameOf(other) === nameOf(one)).join(", ");
    return `${one}, where deno.lock has ${here || "none"}`;
  });
}

/** All packages of deno.lock. */
async function lockedPackages(): Promise<Package[]> {
  const { npm } = JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, "deno.lock")));
  return Object.keys(npm).map(ownName);
}

/** What the functions' import map resolves to without a lock file, and without what is cached here. */
async function deployedPackages(): Promise<Package[]> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-packages-" });
  try {
    const entry = join(folder, "all.ts");
    const imports = CONTRACTS.map(({ name }) => {
      const path = join(PROJECT_ROOT, `supabase/functions/${name}/index.ts`);
      return `import ${JSON.stringify(pathToFileURL(path).href)};`;
    });
    await Deno.writeTextFile(entry, imports.join("\n"));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-config", "--no-lock", "--node-modules-dir=none"].concat(
        `--import-map=${join(PROJECT_ROOT, "supabase/functions/import_map.json")}`,
        entry,
      ),
      env: { DENO_DIR: join(folder, "cache"), NO_COLOR: "1" },
    }).output();
    if (!success) {
      const message = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
      throw unreachable(`the packages can't be resolved: ${message}`, "Look at the network.");
    }
    const { npmPackages } = JSON.parse(new TextDecoder().decode(stdout)) as {
      npmPackages: Record<string, { name: string; version: string }>;
    };
    return Object.values(npmPackages).map(({ name, version }) => `${name}@${version}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The command. */
export const command = defineCommand({
  name: "packages",
  help: `deno task packages

Resolves the functions' packages as a deployment does, without deno.lock, and
names those that differ from it. Exit code 1 where one does: the suite has run
with others, but for its tests on the oldest runtime.

  --help`,
  async run({ terminal }) {
    const resolved = await deployedPackages();
    const different = differences(resolved, await lockedPackages());
    if (different.length === 0) {
      terminal.print(`a deployment gets the ${resolved.length} packages of deno.lock`);
      return;
    }
    for (const line of different) terminal.print(`a deployment gets ${line}`);
    throw new Failure(
      `${different.length} of ${resolved.length} packages are not those of deno.lock`,
      "Remove deno.lock, run `deno install`, and test again.",
    );
  },
});

if (import.meta.main) await runCommand(command);
