/** What the project's modules import, read from their text. */
import { dirname, join, normalize } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** One import, export-from or import(). */
export interface Import {
  /** A path from the project's root, or the name of a package. */
  target: string;
  /** Gone at runtime. */
  typeOnly: boolean;
}

/** Modules by path, with what they import. */
export type ImportGraph = Map<string, Import[]>;

/** Whether a clause such as `{ type A, type B }` names types only. */
function namesTypesOnly(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1]?.split(",").map((name) => name.trim());
  return names?.filter(Boolean).every((name) => name.startsWith("type ")) ?? false;
}

/** The imports in a module's text. */
export function importsOf(path: string, text: string): Import[] {
  const code = text.replace(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*$)/gm, "");
  const found = [
    ...[...code.matchAll(/^(?:import|export)\b([^;"'`]*?)\bfrom "([^"]+)"/gm)]
      .map(([, clause, target]) => ({ target: target!, typeOnly: namesTypesOnly(clause!) })),
    ...[...code.matchAll(/^import "([^"]+)"|\bimport\("([^"]+)"\)/gm)]
      .map(([, effect, dynamic]) => ({ target: (effect ?? dynamic)!, typeOnly: false })),
  ];
  return found.map(({ target, typeOnly }) => ({
    target: target.startsWith(".")
      ? normalize(join(dirname(path), target))
      : target.replace(/^@shared\//, "shared/"),
    typeOnly,
  }));
}

/** All modules below folders of the project. */
export async function readImports(...folders: string[]): Promise<ImportGraph> {
  const graph: ImportGraph = new Map();
  const visit = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(PROJECT_ROOT, folder))) {
      const path = `${folder}/${name}`;
      if (isDirectory) await visit(path);
      else if (name.endsWith(".ts")) {
        graph.set(path, importsOf(path, await Deno.readTextFile(join(PROJECT_ROOT, path))));
      }
    }
  };
  for (const folder of folders) await visit(folder);
  return graph;
}

/** Everything that runs when a module is imported: modules and packages. */
export function reachableFrom(graph: ImportGraph, start: string): Set<string> {
  const reached = new Set<string>();
  const follow = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { target, typeOnly } of graph.get(path) ?? []) if (!typeOnly) follow(target);
  };
  follow(start);
  return reached;
}

/** Modules that lead back to themselves, types included: one circle for each way into one. */
export function circlesOf(graph: ImportGraph): string[] {
  const circles = new Set<string>();
  const done = new Set<string>();
  const follow = (path: string, way: string[]) => {
    if (way.includes(path)) circles.add([...way.slice(way.indexOf(path)), path].join(" → "));
    if (done.has(path) || way.includes(path)) return;
    for (const { target } of graph.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) follow(path, []);
  return [...circles];
}
