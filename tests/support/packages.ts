import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

const read = async (file: string) => JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, file)));

/** npm packages of a deno.json, with their versions. */
async function importsOf(file: string): Promise<[string, string][]> {
  const { imports } = await read(file);
  return Object.entries<string>(imports).filter(([, target]) => target.startsWith("npm:"))
    .map(([name, target]) => [name, target.replace(`npm:${name}@`, "")]);
}

/** The npm packages that the project names itself, in deno.json and package.json, with their versions. */
export async function directPackages(): Promise<Map<string, string>> {
  const { devDependencies } = await read("package.json");
  return new Map([...await importsOf("deno.json"), ...Object.entries<string>(devDependencies)]);
}

/** Those of the page, which are installed when it is first opened. */
export async function pagePackages(): Promise<Map<string, string>> {
  return new Map(await importsOf("examples/web/deno.json"));
}
