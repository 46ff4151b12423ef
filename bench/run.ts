/** `deno task bench`: runs the benchmarks in this folder, one after the other. */
import { join } from "node:path";
import { Failure, misuse } from "../stack/failure.ts";
import { defineCommand, runCommand } from "../tools/command.ts";
import { type Answer, markdownOf, missedBy } from "./harness/answer.ts";
import { DOCUMENT, documentWithAnswers, keepAnswer } from "./harness/document.ts";
import type { Question } from "./harness/question.ts";

/** The questions by their names: each other file of this folder. */
async function questions(): Promise<Map<string, string>> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(import.meta.dirname!)) {
    if (name.endsWith(".ts") && name !== "run.ts") names.push(name.slice(0, -3));
  }
  return new Map(
    await Promise.all(
      names.toSorted().map(async (name) => {
        const { question }: { question: Question } = await import(
          join(import.meta.dirname!, `${name}.ts`)
        );
        return [name, question.title] as const;
      }),
    ),
  );
}

function help(known: Map<string, string>): string {
  const lines = [...known].map(([name, title]) => `  ${name}\n      ${title}`);
  return `deno task bench [NAME…] [--quick] [--json | --save]

Runs the benchmarks that are named, or all of them, each in a process of its own
and on an embedded stack or database of its own. Prints medians, with the lowest
and highest tenth of what was measured, ratios to what was measured in turn, and
the goals. Exit code 1 while a goal is missed.

  --quick   fewer rounds and rows: to see that it runs, not to be quoted
  --json    one line of JSON for each benchmark
  --save    keeps the answers in bench/answers and puts their tables into
            docs/benchmarks.md
  --help

${lines.join("\n")}`;
}

/** Answers a question in a process of its own, so that none finds another's heap. */
async function ask(name: string, quick: boolean): Promise<Answer> {
  const script = join(import.meta.dirname!, "harness/ask.ts");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, name, ...(quick ? ["--quick"] : [])],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Failure(`${name} failed`, "See above.");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The command. */
export const command = defineCommand({
  name: "bench",
  help: async () => help(await questions()),
  takes: [0, Infinity],
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
  async run({ positionals, values: { quick, json, save }, terminal }) {
    const known = await questions();
    const unknown = positionals.find((name) => !known.has(name));
    if (unknown) throw misuse(`there is no benchmark ${unknown}`);
    if (quick && save) throw misuse("what --quick measures is not to be quoted");
    const missed: string[] = [];
    for (const name of positionals.length > 0 ? positionals : known.keys()) {
      terminal.note(`${name}: ${known.get(name)}`);
      const answer = await ask(name, quick);
      terminal.print(json ? JSON.stringify(answer) : `\n${markdownOf(answer)}\n`);
      if (save) await keepAnswer(answer);
      missed.push(...missedBy(answer).map((what) => `${name}: ${what}`));
    }
    if (save) await Deno.writeTextFile(DOCUMENT, await documentWithAnswers());
    if (missed.length > 0) throw new Failure("goals are missed", missed.join("\n  "));
  },
});

if (import.meta.main) await runCommand(command);
