import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** What an example of settings says. */
export interface EnvFile {
  variables: Record<string, string>;
  /** Variables that no comment stands before. */
  uncommented: string[];
}

/** Reads an example file. @param path from the project's root */
export async function variablesOf(path: string): Promise<EnvFile> {
  const lines = (await Deno.readTextFile(join(PROJECT_ROOT, path))).split("\n");
  const variables: Record<string, string> = {};
  const uncommented: string[] = [];
  lines.forEach((line, index) => {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined) return;
    variables[name] = value!;
    if (!/^(#|[A-Z])/.test(lines[index - 1] ?? "")) uncommented.push(name);
  });
  return { variables, uncommented };
}
