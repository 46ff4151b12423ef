/** `deno task bench`: runs the benchmarks in this folder, one after the other. */
import { join } from "node:path";
import { Failure, misuse } from "../stack/failure.ts";
import { defineCommand, runCommand } from "../tools/command.ts";

/** Name and first line of each benchmark, which is each other file of this folder. */
async function benchmarks(): Promise<Map<string, string>> {
  const found: [string, string][] = [];
  for await (const { name } of Deno.readDir(import.meta.dirname!)) {
    if (!name.endsWith(".ts") || name === "run.ts") continue;
    const text = await Deno.readTextFile(join(import.meta.dirname!, name));
    const [, line = ""] = /^\/\*\*\s*\*?\s*(?:`[^`]*`: )?(.*?)(?: \*\/)?$/m.exec(text) ?? [];
    found.push([name.slice(0, -3), line]);
  }
  return new Map(found.toSorted());
}

function help(known: Map<string, string>): string {
  const lines = [...known].map(([name, line]) => `  ${name}\n      ${line}`);
  return `deno task bench [NAME…]

Runs the benchmarks that are named, or all of them, each on an embedded stack or
database of its own. Exit code 1 while a goal is missed.

${lines.join("\n")}

  --help`;
}

/** The command. */
export const command = defineCommand({
  name: "bench",
  help: async () => help(await benchmarks()),
  takes: [0, Infinity],
  async run({ positionals, terminal }) {
    const known = await benchmarks();
    const unknown = positionals.find((name) => !known.has(name));
    if (unknown) throw misuse(`there is no benchmark ${unknown}`);
    const missed: string[] = [];
    for (const name of positionals.length > 0 ? positionals : known.keys()) {
      terminal.print(`\n${name}: ${known.get(name)}\n`);
      const { code } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", join(import.meta.dirname!, `${name}.ts`)],
      }).spawn().status;
      if (code !== 0) missed.push(name);
    }
    if (missed.length === 0) return;
    throw new Failure(`goals are missed or benchmarks failed: ${missed.join(", ")}`, "See above.");
  },
});

if (import.meta.main) await runCommand(command);
