/**
 * Projects that were created before 2026 give new tables to every API role by default. The migrations
 * must not depend on that: what is exposed is what they grant.
 */
import { join } from "node:path";
import postgres from "postgres";
import { startDatabase } from "../../stack/database.ts";
import { localMigrations } from "../../stack/history.ts";
import { down } from "../../tools/db_commands.ts";
import { pushMigrations } from "../../stack/migrations.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { catalogueOf } from "../support/catalogue.ts";

const ROLES = "anon, authenticated, service_role";

Deno.test("db push gives the same rights where the platform exposes new tables", async () => {
  await using all = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-defaults-" });
  all.defer(() => Deno.remove(folder, { recursive: true }));
  const database = await startDatabase({
    dataDir: join(folder, "data"),
    port: 0,
    ephemeral: true,
  });
  all.defer(() => database.stop());
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  all.defer(() => sql.end());

  const expected = await catalogueOf(sql);
  const context = { url: database.url, root: PROJECT_ROOT, print: () => {} };
  await down(context, localMigrations(PROJECT_ROOT).length, { dropData: true });
  for (const objects of ["tables", "routines", "sequences"]) {
    await sql.unsafe(
      `alter default privileges for role postgres in schema public
       grant all on ${objects} to ${ROLES}`,
    );
  }
  await sql`create table public.probe (id integer)`;
  const [probe] = await sql`select has_table_privilege('anon', 'public.probe', 'select') as open`;
  assert(probe!["open"], "the defaults expose a table that revokes nothing");
  await sql`drop table public.probe`;

  await pushMigrations(database.url);
  assertEquals(await catalogueOf(sql), expected);
  const open = await sql`
    select c.relname from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and case c.relkind
        when 'r' then has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate')
        when 'S' then has_sequence_privilege('anon', c.oid, 'usage, select, update')
        else false end
    union all
    select p.proname from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and has_function_privilege('anon', p.oid, 'execute')
      and not exists (
        select from pg_depend d
        where (d.classid, d.objid, d.deptype) = ('pg_proc'::regclass, p.oid, 'e')
      )`;
  assertEquals(open.map(({ relname }) => relname), [], "anon has nothing");
});
