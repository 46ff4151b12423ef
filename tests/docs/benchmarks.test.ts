/** The tables of docs/benchmarks.md are those of the answers that are kept. */
import { join } from "node:path";
import { DOCUMENT, documentWithAnswers, PLOTS } from "../../bench/harness/document.ts";
import { svgOf } from "../../bench/harness/plot.ts";
import type { Answer } from "../../bench/harness/answer.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals } from "@std/assert";

const namesIn = (folder: string, end: string) =>
  Array.from(Deno.readDirSync(join(PROJECT_ROOT, folder)), ({ name }) => name)
    .filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)).toSorted();
const answered = namesIn("bench/answers", ".json");

Deno.test("the tables are what `deno task bench --save` wrote", async () => {
  assertEquals(await Deno.readTextFile(DOCUMENT), await documentWithAnswers());
});

Deno.test("each answer is of a benchmark, whole, and shown", async () => {
  const questions = namesIn("bench", ".ts");
  assertEquals(answered.filter((name) => !questions.includes(name)), []);
  const text = await Deno.readTextFile(DOCUMENT);
  const shown = [...text.matchAll(/<!-- bench (\w+) -->/g)].map(([, name]) => name!).toSorted();
  assertEquals(shown, answered);
  for (const name of answered) {
    const file = await Deno.readTextFile(join(PROJECT_ROOT, `bench/answers/${name}.json`));
    const { quick, plots }: Answer = JSON.parse(file);
    assertEquals(quick, false, name);
    for (const plot of plots) {
      assertEquals(await Deno.readTextFile(join(PLOTS, `${plot.name}.svg`)), svgOf(plot));
    }
  }
});
