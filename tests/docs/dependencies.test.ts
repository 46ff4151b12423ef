/** docs/dependencies.md tells of every direct dependency, and tells the truth; none is unused. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals } from "@std/assert";
import { directPackages, pagePackages } from "../support/packages.ts";

/** The page has packages of its own, installed when it is first opened. */
const PAGE = "examples/web";
const own = await directPackages();
const ofPage = await pagePackages();
const names = [...new Set([...own.keys(), ...ofPage.keys()])].toSorted();

interface Row {
  name: string;
  reason: string;
  licence: string;
  size: string;
}

async function rows(): Promise<Row[]> {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/dependencies.md"));
  return [...text.matchAll(/^\| `(.+?)` +\| (.+?) +\| (\S+) +\| +([\d.]+ [kM]B) +\|$/gm)]
    .map(([, name, reason, licence, size]) => ({
      name: name!,
      reason: reason!,
      licence: licence!,
      size: size!,
    }));
}

const folderOf = (name: string) =>
  join(PROJECT_ROOT, own.has(name) ? "." : PAGE, "node_modules", name);

/** Bytes of a package's own files. */
async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === "node_modules") continue;
    const path = join(folder, name);
    sum += isDirectory ? await bytesBelow(path) : (await Deno.lstat(path)).size;
  }
  return sum;
}

function forPeople(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Every TypeScript file of the project. */
async function* sources(folder = "."): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(PROJECT_ROOT, folder))) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (/\.tsx?$/.test(name)) yield await Deno.readTextFile(join(PROJECT_ROOT, folder, name));
  }
}

Deno.test("the list has every direct dependency, and no other", async () => {
  assertEquals((await rows()).map(({ name }) => name).toSorted(), names);
});

Deno.test("licence and size of each are what is installed", async () => {
  const wrong: string[] = [];
  for (const { name, licence, size } of await rows()) {
    const folder = await Deno.realPath(folderOf(name)).catch(() => undefined);
    // The CLI's binary is installed on its own platform only.
    if (!folder) continue;
    const manifest = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
    const actual = `| ${manifest.license} | ${forPeople(await bytesBelow(folder))} |`;
    if (actual !== `| ${licence} | ${size} |`) wrong.push(`${name}: ${actual}`);
  }
  assertEquals(wrong, []);
});

Deno.test("what the page shares with the project has the same version", () => {
  const shared = [...ofPage].filter(([name]) => own.has(name));
  assertEquals(shared, shared.map(([name]) => [name, own.get(name)!]));
});

Deno.test("no dependency is unused", async () => {
  const all = (await Array.fromAsync(sources())).join("\n");
  // Types are read by the compiler alone.
  const code = names.filter((name) => !name.startsWith("@types/"));
  const unused = code.filter((name) => !new RegExp(`["'\`]${name}(/[^"'\`]*)?["'\`]`).test(all));
  assertEquals(unused, []);
});

Deno.test("what functions and the client library import is listed under what is deployed", async () => {
  const code = [
    ...await Array.fromAsync(sources("supabase/functions")),
    ...await Array.fromAsync(sources("shared")),
  ].join("\n");
  const imported = names.filter((name) =>
    new RegExp(`(from |import\\()"${name}(/[^"]*)?"`).test(code)
  );
  const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/dependencies.md"));
  const [, deployed = ""] = text.split(/^## /m);
  assertEquals(names.filter((name) => deployed.includes(`\`${name}\``)), imported);
});
