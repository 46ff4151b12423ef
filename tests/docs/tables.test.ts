/** Tables in the documents say what the code says. */
import { join } from "node:path";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { STATUS_OF } from "@shared/errors.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals } from "@std/assert";
import { variablesOf } from "../support/env_file.ts";
import { asOperator } from "../support/stack.ts";

/** Cells of the rows of a document's tables, code marks removed. */
async function rowsOf(file: string): Promise<string[][]> {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, file));
  return text.split("\n").filter((line) => /^ *\| *`/.test(line)).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.replaceAll("`", "").trim())
  );
}

Deno.test("the table of settings has the variables and the defaults of .env.example", async () => {
  const { variables } = await variablesOf(".env.example");
  const rows = (await rowsOf("docs/operations.md")).filter(([name]) => /^[A-Z_0-9]+$/.test(name!));
  assertEquals(rows.map(([name]) => name!).toSorted(), Object.keys(variables).toSorted());
  const wrong = rows.filter(([name, value]) =>
    /^(true|false|\d+|info|\*)$/.test(value!) && variables[name!] !== value
  );
  assertEquals(wrong, []);
});

Deno.test("the table of errors has every code with its status", async () => {
  const rows = (await rowsOf("docs/integration.md")).filter(([, status]) =>
    /^[45]\d\d$/.test(status!)
  );
  assertEquals(
    Object.fromEntries(rows.map(([code, status]) => [code, Number(status)])),
    { ...STATUS_OF },
  );
});

Deno.test("the table of functions has each with its method", async () => {
  const guide = (await rowsOf("docs/integration.md")).map(([name]) => name!);
  assertEquals(
    guide.filter((name) => /^(GET|POST) /.test(name)).toSorted(),
    CONTRACTS.map(({ name, method }) => `${method} ${name}`).toSorted(),
  );
});

Deno.test("the README's table of commands has every task", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")));
  const commands = (await rowsOf("README.md")).map(([name]) => name!)
    .filter((name) => name.startsWith("deno task "));
  assertEquals(
    commands.toSorted(),
    Object.keys(tasks).map((name) => `deno task ${name}`).toSorted(),
  );
});

Deno.test("the schema's diagram has the columns of the database", async () => {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/architecture.md"));
  const [, diagram] = /^erDiagram\n([\s\S]*?)```/m.exec(text)!;
  const drawn = new Map(
    [...diagram!.matchAll(/^ {2}(\w+) \{\n([\s\S]*?)^ {2}\}/gm)].map(([, table, body]) =>
      [table!, body!.trim().split("\n").map((line) => line.trim().split(" ")[1]!)] as const
    ),
  );
  const actual = await asOperator((sql) =>
    sql<{ table_name: string; columns: string[] }[]>`
      select table_name, array_agg(column_name::text order by ordinal_position) as columns
      from information_schema.columns where table_schema = 'public' group by table_name`
  );
  assertEquals([...drawn.keys()].toSorted(), actual.map(({ table_name }) => table_name).toSorted());
  // Of these the document shows the main columns only, and says so.
  const partly = ["uploads", "storage_deletions"];
  for (const { table_name, columns } of actual) {
    const shown = drawn.get(table_name)!;
    const expected = partly.includes(table_name)
      ? columns.filter((column) => shown.includes(column))
      : columns;
    assertEquals(shown.toSorted(), expected.toSorted(), table_name);
  }
});
