/**
 * docs/benchmarks.md: between `<!-- bench NAME -->` and `<!-- end -->` stands the answer that is kept in
 * bench/answers/NAME.json.
 *
 * @module
 */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { type Answer, markdownOf } from "./answer.ts";
import { svgOf } from "./plot.ts";

/** The document. */
export const DOCUMENT = join(PROJECT_ROOT, "docs/benchmarks.md");

const FOLDER = join(PROJECT_ROOT, "bench/answers");

const fileOf = (name: string) => join(FOLDER, `${name}.json`);

/** Where plots are drawn. */
export const PLOTS = join(PROJECT_ROOT, "docs/plots");

/** Keeps an answer, and draws its plots. */
export async function keepAnswer(answer: Answer): Promise<void> {
  for (const folder of [FOLDER, PLOTS]) await Deno.mkdir(folder, { recursive: true });
  for (const plot of answer.plots) {
    await Deno.writeTextFile(join(PLOTS, `${plot.name}.svg`), svgOf(plot));
  }
  await Deno.writeTextFile(fileOf(answer.name), JSON.stringify(answer, null, 2) + "\n");
}

async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=md", "-"],
    cwd: PROJECT_ROOT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

/** The answer that is kept; undefined where the question was never answered. */
async function keptAnswer(name: string): Promise<Answer | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(fileOf(name)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** @returns the document's text with all answers that are kept */
export async function documentWithAnswers(): Promise<string> {
  const text = await Deno.readTextFile(DOCUMENT);
  const names = [...text.matchAll(/<!-- bench (\w+) -->/g)].map(([, name]) => name!);
  const answers = new Map(
    await Promise.all(names.map(async (name) => [name, await keptAnswer(name)] as const)),
  );
  return await formatted(
    text.replace(/(<!-- bench (\w+) -->)[\s\S]*?(<!-- end -->)/g, (all, begin, name, end) => {
      const answer = answers.get(name);
      return answer ? `${begin}\n\n${markdownOf(answer)}\n\n${end}` : all;
    }),
  );
}
