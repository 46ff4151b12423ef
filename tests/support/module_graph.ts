import { relative } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** A module's path in the project, and those of the modules whose code it loads. */
export type ModuleGraph = Map<string, string[]>;

const PROJECT_URL = `file://${PROJECT_ROOT}/`;

/**
 * The modules of the project that some files load.
 *
 * @param files paths in the project
 * @param options `atOnce`: without those that are loaded later, by `import()`
 */
export async function moduleGraph(
  files: string[],
  { atOnce = false }: { atOnce?: boolean } = {},
): Promise<ModuleGraph> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-graph-" });
  try {
    const entry = `${folder}/all.ts`;
    const imports = files.map((file) => `import ${JSON.stringify(PROJECT_URL + file)};`);
    await Deno.writeTextFile(entry, imports.join("\n"));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", `--config=${PROJECT_ROOT}/deno.json`, entry],
      env: { NO_COLOR: "1" },
      stderr: "inherit",
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: {
        specifier: string;
        dependencies?: { code?: { specifier?: string }; isDynamic?: boolean }[];
      }[];
    };
    return new Map(modules.map(({ specifier, dependencies = [] }) => [
      pathOf(specifier),
      dependencies.flatMap(({ code, isDynamic }) =>
        code?.specifier && !(atOnce && isDynamic) ? [pathOf(code.specifier)] : []
      ),
    ]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function pathOf(specifier: string): string {
  return specifier.startsWith(PROJECT_URL)
    ? relative(PROJECT_ROOT, specifier.slice("file://".length))
    : specifier;
}

/** All modules that a module loads, itself included. */
export function reachedFrom(graph: ModuleGraph, path: string): Set<string> {
  const reached = new Set([path]);
  // A set yields what is added while it is gone through.
  for (const one of reached) for (const next of graph.get(one) ?? []) reached.add(next);
  return reached;
}
