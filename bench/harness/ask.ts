/**
 * Answers one question, in a process of its own: `ask.ts NAME [--quick]` prints the answer as JSON.
 *
 * @module
 */
import { join } from "node:path";
import { reportFailure } from "../../stack/failure.ts";
import type { Answer } from "./answer.ts";
import { beginCircumstances } from "./circumstances.ts";
import type { Figure } from "./figures.ts";
import type { Plot } from "./plot.ts";
import type { Question } from "./question.ts";

async function ask(name: string, quick: boolean): Promise<Answer> {
  const module: { question: Question } = await import(join(import.meta.dirname!, `../${name}.ts`));
  const { title, answer } = module.question;
  const figures: Figure[] = [];
  const plots: Plot[] = [];
  const faults: string[] = [];
  const end = await beginCircumstances();
  await answer({
    quick,
    add: (figure) => void figures.push(figure),
    plot: (plot) => void plots.push(plot),
    fault: (text) => void faults.push(text),
    note: (line) => console.error(`  ${line}`),
  });
  return { name, title, quick, circumstances: end(), figures, plots, faults };
}

if (import.meta.main) {
  const [name = "", ...options] = Deno.args;
  try {
    console.log(JSON.stringify(await ask(name, options.includes("--quick"))));
    Deno.exit(0);
  } catch (error) {
    Deno.exit(reportFailure(error));
  }
}
