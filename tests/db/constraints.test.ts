/** Whatever constraint refuses a row, the error names a column that it is about. */
import { databaseError } from "@shared/database_errors.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator } from "../support/stack.ts";

interface Constraint {
  table: string;
  name: string;
  /** c, u, f or p. */
  kind: string;
  columns: string[];
}

/** What PostgreSQL answers when the constraint is violated. */
const MESSAGES: Record<string, [code: string, message: (table: string, name: string) => string]> = {
  c: [
    "23514",
    (table, name) => `new row for relation "${table}" violates check constraint "${name}"`,
  ],
  u: ["23505", (_, name) => `duplicate key value violates unique constraint "${name}"`],
  p: ["23505", (_, name) => `duplicate key value violates unique constraint "${name}"`],
  f: [
    "23503",
    (table, name) =>
      `insert or update on table "${table}" violates foreign key constraint "${name}"`,
  ],
};

Deno.test("each constraint is named after a column that it is about, and the error names it", async () => {
  const constraints = await asOperator((sql) =>
    sql<Constraint[]>`
      select c.relname as table, k.conname as name, k.contype as kind,
             array(select a.attname::text from pg_attribute a
                   where a.attrelid = c.oid and a.attnum = any (k.conkey)) as columns
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      where c.relnamespace = 'public'::regnamespace and k.contype in ('c', 'u', 'f', 'p')
      order by 1, 2`
  );
  assert(constraints.length > 80, String(constraints.length));
  const wrong = constraints.flatMap(({ table, name, kind, columns }) => {
    const [code, message] = MESSAGES[kind]!;
    const { details } = databaseError({ code, message: message(table, name) });
    const path = details?.[0]?.path ?? [];
    return path.length === 1 && columns.includes(String(path[0])) ? [] : [`${name}: ${path}`];
  });
  assertEquals(wrong, []);
});

Deno.test("functions and triggers that name a field name it as the errors expect", async () => {
  const sources = await asOperator((sql) =>
    sql<{ source: string }[]>`
      select p.prosrc as source from pg_proc p
      where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and p.prosrc like '%raise exception%'`
  );
  const codes: Record<string, string> = {
    foreign_key_violation: "23503",
    unique_violation: "23505",
    invalid_parameter_value: "22023",
    numeric_value_out_of_range: "22003",
  };
  const raised = sources.flatMap((
    { source },
  ) => [...source.matchAll(/errcode = '(\w+)',\s+message = (?:format\()?'([a-z_%]+: [^']+)'/g)]);
  assert(raised.length >= 8, String(raised.length));
  for (const [, name, text] of raised) {
    const message = text!.replace("%s: ", "role: ");
    const error = databaseError({ code: codes[name!] ?? "", message });
    assertEquals(error.message, message);
    assertEquals(error.details?.[0]?.path, [message.split(":")[0]!]);
  }
});
