/** `deno task db`: both ways, all or nothing, and only what a step owns. */
import { join } from "node:path";
import postgres from "postgres";
import { type LocalDatabase, startDatabase } from "../../stack/database.ts";
import {
  createMigration,
  type DbContext,
  down,
  history,
  reset,
  status,
  up,
} from "../../tools/db_commands.ts";
import { Failure } from "../../stack/failure.ts";
import { labelOf, localMigrations } from "../../stack/history.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { catalogueOf } from "../support/catalogue.ts";
import { eventually } from "../support/eventually.ts";
import { Relay } from "../support/relay.ts";

interface Fixture {
  database: LocalDatabase;
  sql: postgres.Sql;
  context: DbContext;
  lines: string[];
}

/** A database of its own, and a copy of the project's supabase folder that a test may change. */
async function withDatabase(work: (fixture: Fixture) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-rollbacks-" });
  const root = join(folder, "project");
  await Deno.mkdir(root);
  await new Deno.Command("cp", {
    args: ["-R", join(PROJECT_ROOT, "supabase"), root],
  }).output();
  await Deno.copyFile(join(PROJECT_ROOT, "deno.json"), join(root, "deno.json"));
  const database = await startDatabase({
    dataDir: join(folder, "data"),
    port: 0,
    ephemeral: true,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const lines: string[] = [];
  try {
    const context = { url: database.url, root, print: (line: string) => void lines.push(line) };
    await work({ database, sql, context, lines });
  } finally {
    await sql.end();
    await database.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

const versions = async (sql: postgres.Sql) =>
  (await sql`select version from supabase_migrations.schema_migrations order by 1`)
    .map(({ version }) => version as string);

Deno.test("each step down leaves the catalogue of its version, and up again gives the same", async () => {
  await withDatabase(async ({ sql, context }) => {
    const all = localMigrations(context.root);
    const top = await catalogueOf(sql);
    /** What is there when so many migrations are applied. */
    const after = [top];
    while (after.length <= all.length) {
      await down(context, 1, { dropData: true });
      after.unshift(await catalogueOf(sql));
      assertEquals((await versions(sql)).length, all.length - after.length + 1);
    }
    assertEquals(
      after[0]!.filter((line) => !line.startsWith("schema public")),
      [],
      "nothing of ours is left",
    );

    await up(context);
    assertEquals(await catalogueOf(sql), top);
    await down(context, all.length, { dropData: true });
    for (const [n, migration] of all.entries()) {
      const file = join(context.root, "supabase/migrations", `${labelOf(migration)}.sql`);
      await sql.unsafe(await Deno.readTextFile(file));
      assertEquals(await catalogueOf(sql), after[n + 1], labelOf(migration));
    }
  });
});

Deno.test("what an extension brings to public is not in the catalogue; what an application adds is", async () => {
  await withDatabase(async ({ sql }) => {
    const before = await catalogueOf(sql);
    await sql`create extension hstore with schema public`;
    assertEquals(await catalogueOf(sql), before);
    await sql`create function public.theirs(hstore) returns hstore language sql as 'select $1'`;
    assertEquals((await catalogueOf(sql)).length, before.length + 1);
  });
});

Deno.test("a step takes only what it owns; the CLI agrees with the history", async () => {
  await withDatabase(async ({ sql, context, lines }) => {
    await sql`create table public.theirs as select 1 as kept`;
    await sql`insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a')`;
    await sql`insert into chats (user_id, title)
      values ('00000000-0000-4000-8000-00000000000a', 'Kept')`;
    await down(context, 2);
    assertEquals((await sql`select title from chats where title = 'Kept'`).length, 1);
    assertEquals((await sql`select kept from theirs`).length, 1);
    assertEquals(await status(context), false);
    const { version, name } = localMigrations(context.root).at(-2)!;
    assert(lines.some((line) => line === `pending: ${version}_${name}`));
    await history(context);
    const unapplied = lines.at(-1)!.split("\n").filter((line) => /\d{14}/.test(line))
      .filter((line) => (line.match(/\d{14}/g) ?? []).length === 1);
    assertEquals(unapplied.length, 2, lines.at(-1));
    await up(context);
    assertEquals(await status(context), true);
    assertEquals((await sql`select title from chats where title = 'Kept'`).length, 1);
  });
});

Deno.test("a rollback that fails or is missing changes nothing", async () => {
  await withDatabase(async ({ sql, context }) => {
    const before = await catalogueOf(sql);
    const all = localMigrations(context.root);
    const [secondLast, last] = all.slice(-2);
    const file = ({ version, name }: typeof all[number]) =>
      join(context.root, "supabase/rollbacks", `${version}_${name}.down.sql`);
    await Deno.writeTextFile(file(secondLast!), "drop table public.no_such_table;");
    const failed = await assertRejects(() => down(context, 2), Failure, "no_such_table");
    assertMatch(failed.advice, /Nothing was changed/);
    await Deno.remove(file(secondLast!));
    await assertRejects(() => down(context, 2), Failure, "has no rollback");
    assertEquals(await catalogueOf(sql), before);
    assertEquals((await versions(sql)).at(-1), last!.version);
  });
});

Deno.test("a connection that is lost half-way leaves a step done or not done", async () => {
  await withDatabase(async ({ database, sql, context }) => {
    await using relay = new Relay(Number(new URL(database.url).port));
    const url = new URL(database.url);
    url.port = String(relay.port);
    const lossy = { ...context, url: url.href };
    const [migration, rollback] = await createMigration(context, "slow");
    const sleep = "select pg_sleep(2);";
    await Deno.writeTextFile(migration!, `create table public.half (id int); ${sleep}`);
    await Deno.writeTextFile(rollback!, `drop table public.half; ${sleep}`);
    const hasTable = async () =>
      (await sql`select to_regclass('public.half') is not null as yes`)[0]!["yes"];
    const isRecorded = async () =>
      (await sql`select from supabase_migrations.schema_migrations where name = 'slow'`).length > 0;
    /** Cuts the line while the statement sleeps, and waits for the server to be done with it. */
    const cutWhileAsleep = async () => {
      const sleeping = async () =>
        (await sql`select from pg_stat_activity
                   where query like '%pg_sleep%' and state = 'active'
                     and pid <> pg_backend_pid()`).length > 0;
      // The CLI starts first.
      await eventually("the statement sleeps", sleeping, 60_000);
      relay.become("cut");
      await eventually("the server is done with it", async () => !await sleeping());
    };

    const [applying] = await Promise.all([
      assertRejects(() => up(lossy), Failure, "could not be applied"),
      cutWhileAsleep(),
    ]);
    assert(!applying.message.includes("postgres:postgres"));
    assertEquals(await hasTable(), await isRecorded());
    relay.become("open");
    await up(lossy);
    assertEquals([await hasTable(), await isRecorded()], [true, true]);

    await Promise.all([
      assertRejects(() => down(lossy, 1, { dropData: true }), Failure, "can't be reached"),
      cutWhileAsleep(),
    ]);
    assertEquals([await hasTable(), await isRecorded()], [true, true]);
    relay.become("open");
    await down(lossy, 1);
    assertEquals([await hasTable(), await isRecorded()], [false, false]);
  });
});

Deno.test("a rollback that would drop rows says how many, and takes --drop-data for it", async () => {
  await withDatabase(async ({ sql, context }) => {
    await sql`delete from auth.users`;
    await sql`delete from storage_deletions`;
    await sql`delete from private.chat_tombstones`;
    await sql`delete from private.user_tombstones`;
    const all = localMigrations(context.root);
    // Down to the tables of chats, which are left.
    const count = all.length - 2;
    await down(context, count);
    await up(context);

    await sql`insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a')`;
    await sql`insert into chats (id, user_id, title)
      select gen_random_uuid(), '00000000-0000-4000-8000-00000000000a', 'Kept'
      from generate_series(1, 3)`;
    await sql`insert into search_results (chat_id, user_id, block_id, page_number)
      select id, user_id, 'b', 1 from chats limit 2`;
    await sql`create table public.theirs as select 1 as kept`;
    const before = await catalogueOf(sql);
    const refused = await assertRejects(
      () => down(context, count),
      Failure,
      "this would drop 2 rows of public.search_results",
    );
    assertMatch(refused.advice, /--drop-data.*Nothing was changed/);
    assertEquals(refused.message.includes("chats"), false, "their table stays");
    await assertRejects(
      () => reset(context),
      Failure,
      "3 rows of public.chats, 2 rows of public.search_results",
    );
    assertEquals(await catalogueOf(sql), before);
    assertEquals((await versions(sql)).length, all.length);
    assertEquals((await sql`select from search_results`).length, 2);

    await down(context, count, { dropData: true });
    assertEquals((await versions(sql)).length, 2);
    assertEquals((await sql`select title from chats`).length, 3);
    assertEquals((await sql`select kept from theirs`).length, 1);
  });
});

Deno.test("what was applied and what the files say must be the same", async () => {
  await withDatabase(async ({ sql, context }) => {
    const newest = localMigrations(context.root).at(-1)!;
    const file = join(context.root, "supabase/migrations", `${labelOf(newest)}.sql`);
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, `-- Another word.\r\n${text.replaceAll("\n", "\r\n")}\n;\n`);
    assertEquals(await status(context), true, "comments and white space are no difference");

    await Deno.writeTextFile(file, `${text}select 'one more';\n`);
    for (const work of [() => up(context), () => status(context)]) {
      const { message, advice } = await assertRejects(
        work,
        Failure,
        "made by other migration files",
      );
      assertMatch(message, new RegExp(`differs in ${labelOf(newest)}$`));
      assertMatch(advice, /db reset/);
    }
    await reset(context, { dropData: true });
    assertEquals(await status(context), true);

    await sql`update supabase_migrations.schema_migrations set statements = null`;
    assertEquals(await status(context), true, "what nobody recorded is not compared");
  });
});

Deno.test("a history that differs is refused", async () => {
  await withDatabase(async ({ sql, context }) => {
    await sql`insert into supabase_migrations.schema_migrations (version, name)
      values ('20990101000000', 'from_the_future')`;
    const works = [up, status, reset, (at: DbContext) => down(at, 1)];
    for (const work of works) {
      await assertRejects(
        () => work(context) as Promise<unknown>,
        Failure,
        "made by other migration files than these: the folder lacks 20990101000000_from_the_future",
      );
    }
  });
});

Deno.test("new creates a migration and its rollback; odd names are refused", async () => {
  await withDatabase(async ({ sql, context }) => {
    for (const name of ["", "Add Tags", "a;b", "../up", "1st", "x".repeat(64), "тег"]) {
      await assertRejects(() => createMigration(context, name), Failure, "is not a name");
    }
    const [migration, rollback] = await createMigration(context, "add_tags");
    await Deno.writeTextFile(migration!, "create table public.tags (id bigint primary key);");
    await Deno.writeTextFile(rollback!, "drop table public.tags;");
    await up(context);
    assertEquals((await sql`select to_regclass('public.tags') as tags`)[0]!["tags"], "tags");
    await down(context, 1);
    assertEquals((await sql`select to_regclass('public.tags') as tags`)[0]!["tags"], null);
  });
});

Deno.test("reset brings back the seed and nothing else", async () => {
  await withDatabase(async ({ sql, context }) => {
    await sql`delete from auth.users`;
    await reset(context, { dropData: true });
    assertEquals((await sql`select title from chats`).map(({ title }) => title), ["A first chat"]);
  });
});

Deno.test("what is no Supabase database, or can't be reached, is refused without its password", async () => {
  await withDatabase(async ({ database, sql, context }) => {
    await sql`create database other`;
    const other = new URL(database.url);
    other.pathname = "/other";
    await assertRejects(
      () => up({ ...context, url: other.href }),
      Failure,
      "this is not a Supabase database",
    );
    const error = await assertRejects(
      () => down({ ...context, url: "postgresql://postgres:hidden@127.0.0.1:1/postgres" }, 1),
      Failure,
      "can't be reached",
    );
    assert(!error.message.includes("hidden"));
  });
});
