/**
 * Examples that take a signed-in user for granted, as modules that can be checked and run.
 *
 * @module
 */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** One block of TypeScript. */
export interface Example {
  /** Where it is: file and line. */
  place: string;
  code: string;
  /** What follows `ts` in the fence: `no-run` where it needs more than a signed-in user. */
  attributes: string;
}

/** Blocks of a Markdown text; in a source file, of its doc comments. */
function examplesIn(file: string, text: string): Example[] {
  const plain = file.endsWith(".ts") ? text.replace(/^[ \t]*\*(?: |$)/gm, "") : text;
  return [...plain.matchAll(/^```ts\b([^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    place: `${file}:${plain.slice(0, match.index).split("\n").length}`,
    attributes: match[1]!.trim(),
    code: match[2]!,
  }));
}

/** All files below a path of the project, or the file that it is. */
async function filesBelow(path: string): Promise<string[]> {
  if ((await Deno.stat(join(PROJECT_ROOT, path))).isFile) return [path];
  const nested = await Array.fromAsync(
    Deno.readDir(join(PROJECT_ROOT, path)),
    ({ name }) => filesBelow(`${path}/${name}`),
  );
  return nested.flat().toSorted();
}

/** The examples of files and folders. */
export async function readExamples(paths: string[]): Promise<Example[]> {
  const files = (await Promise.all(paths.map(filesBelow))).flat()
    .filter((file) => /\.(md|ts)$/.test(file));
  const found = await Promise.all(
    files.map(async (file) => examplesIn(file, await Deno.readTextFile(join(PROJECT_ROOT, file)))),
  );
  return found.flat();
}

/** A module whose default export runs the example with what it takes for granted. */
export function moduleOf({ place, code }: Example, context: string, names: string[]): string {
  const imports = code.match(/^import\b[^;]+;$/gm) ?? [];
  const rest = code.replace(/^import\b[^;]+;$/gm, "");
  const imported = imports.map((line) => line.split(" from ")[0]!).join("\n");
  const free = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(imported));
  return `// ${place}
import { ${free.join(", ")} } from ${JSON.stringify(context)};
${imports.join("\n")}
export default async function () {
${rest}
}
`;
}
