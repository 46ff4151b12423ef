/** Runs supabase/tests, which `supabase test db` runs too, against the embedded server. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator } from "../support/stack.ts";

const folder = join(PROJECT_ROOT, "supabase/tests");
const files = Array.from(Deno.readDirSync(folder), ({ name }) => name)
  .filter((name) => name.endsWith(".sql")).sort();

/** The lines of the Test Anything Protocol among the results of a script. */
function tapOf(results: unknown): string[] {
  return (results as object[]).flat()
    .flatMap((row) => Object.values(row))
    .filter((value): value is string => typeof value === "string")
    .flatMap((text) => text.split("\n"))
    .filter((line) => /^(1\.\.\d+|(not )?ok \d+|#)/.test(line));
}

/** Runs a script, which rolls itself back; each of its tests must pass, and no planned one be missing. */
async function run(script: string) {
  const tap = tapOf(await asOperator((sql) => sql.unsafe(script).simple()));
  const failed = tap.filter((line) => !/^(ok|1\.\.)/.test(line));
  assertEquals(failed, [], failed.join("\n"));
  const planned = Number(/^1\.\.(\d+)/.exec(tap[0] ?? "")?.[1]);
  assert(planned > 0, "no plan");
  assertEquals(tap.filter((line) => line.startsWith("ok")).length, planned);
}

for (const name of files) {
  Deno.test(`pgTAP: ${name}`, async () => {
    await run(await Deno.readTextFile(join(folder, name)));
  });
}

Deno.test("pgTAP: an application's extension in public changes nothing", async () => {
  for (const name of files) {
    const script = await Deno.readTextFile(join(folder, name));
    assert(script.includes("\nbegin;\n"));
    await run(
      script.replace("\nbegin;\n", "\nbegin;\ncreate extension hstore with schema public;\n"),
    );
  }
});
