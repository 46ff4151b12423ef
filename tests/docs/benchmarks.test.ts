/** The tables of docs/benchmarks.md are those of the answers that are kept, and every benchmark has one. */
import { join } from "node:path";
import { DOCUMENT, documentWithAnswers } from "../../bench/harness/document.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals } from "@std/assert";

Deno.test("the tables are what `deno task bench --save` wrote", async () => {
  assertEquals(await Deno.readTextFile(DOCUMENT), await documentWithAnswers());
});

Deno.test("each benchmark is in the document, and each answer is of one", async () => {
  const names = (folder: string, end: string) =>
    Array.from(Deno.readDirSync(join(PROJECT_ROOT, folder)), ({ name }) => name)
      .filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)).toSorted();
  const questions = names("bench", ".ts").filter((name) => name !== "run");
  const text = await Deno.readTextFile(DOCUMENT);
  const shown = [...text.matchAll(/<!-- bench (\w+) -->/g)].map(([, name]) => name!).toSorted();
  assertEquals(shown, questions);
  assertEquals(names("bench/answers", ".json"), questions);
});
