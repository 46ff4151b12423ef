import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** The npm packages that the project names itself, in deno.json and package.json, with their versions. */
export async function directPackages(): Promise<Map<string, string>> {
  const read = async (file: string) =>
    JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, file)));
  const { imports } = await read("deno.json");
  const { devDependencies } = await read("package.json");
  const named = Object.entries<string>(imports).filter(([, target]) => target.startsWith("npm:"))
    .map(([name, target]) => [name, target.replace(`npm:${name}@`, "")] as const);
  return new Map([...named, ...Object.entries<string>(devDependencies)]);
}
