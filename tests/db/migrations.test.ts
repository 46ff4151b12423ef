/** Migrations, types and seed, by the real Supabase CLI. */
import { join } from "node:path";
import { generateTypes, pushMigrations } from "../../stack/migrations.ts";
import { PROJECT_ROOT, supabase } from "../../stack/supabase_cli.ts";
import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { asOperator, stack } from "../support/stack.ts";

const remote = `--remote=${stack.DB_URL}`;
const env = { PGSSLMODE: "disable" };

Deno.test("db push has nothing left to apply", async () => {
  const { code, stdout, stderr } = await supabase(["db", "push", remote, "--yes"], env);
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /Remote database is up to date/);
});

Deno.test("config.toml is accepted without a warning", async () => {
  const { code, stderr } = await supabase(["migration", "list", remote], env);
  assertEquals(code, 0, stderr);
  assertEquals(stderr.split("\n").filter((line) => /WARN|deprecated|unknown/i.test(line)), []);
});

Deno.test("the CLI does notice a misspelt key and a wrong value in config.toml", async () => {
  const cases: [string, string, RegExp][] = [
    ["max_rows = 1000", "max_rovs = 1000", /does not recognize.*api\.max_rovs/],
    ["max_rows = 1000", 'max_rows = "many"', /Invalid api\.max_rows/],
    ['policy = "per_worker"', 'policy = "sometimes"', /Invalid edge_runtime\.policy/],
  ];
  for (const [right, wrong, expected] of cases) {
    const root = await Deno.makeTempDir({ prefix: "chat-archive-config-" });
    try {
      const config = await Deno.readTextFile(join(PROJECT_ROOT, "supabase/config.toml"));
      assert(config.includes(right));
      await Deno.mkdir(join(root, "supabase"));
      await Deno.writeTextFile(join(root, "supabase/config.toml"), config.replace(right, wrong));
      const { stderr } = await supabase(["migration", "list", remote], env, root);
      assertMatch(stderr, expected);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  }
});

Deno.test("the platform's linters find nothing", async () => {
  const { code, stdout, stderr } = await supabase(["db", "advisors", remote], env);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stderr, /No issues found/);
});

Deno.test("plpgsql finds nothing to warn of in any function", async (t) => {
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      // What PostgreSQL itself can tell: shadowed variables, too many rows, wrong numbers of targets.
      await tx`set local plpgsql.extra_errors = 'all'`;
      const functions = await tx`
        select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        join pg_language l on l.oid = p.prolang
        where n.nspname in ('public', 'private') and l.lanname = 'plpgsql'
          and not exists (
            select from pg_depend d
            where (d.classid, d.objid, d.deptype) = ('pg_proc'::regclass, p.oid, 'e')
          )`;
      assert(functions.length > 10);
      for (const { definition } of functions) await tx.unsafe(definition);
    })
  );
  const [checker] = await asOperator((sql) =>
    sql`select 1 from pg_available_extensions where name = 'plpgsql_check'`
  );
  await t.step({
    name: "supabase db lint, where plpgsql_check is available",
    ignore: checker === undefined,
    fn: async () => {
      const { code, stdout, stderr } = await supabase(
        ["db", "lint", remote, "--level=warning", "--fail-on=warning"],
        env,
      );
      assertEquals(code, 0, stdout + stderr);
    },
  });
});

Deno.test("database.types.ts is what the CLI generates", async () => {
  const file = await Deno.readTextFile(join(PROJECT_ROOT, "shared/database.types.ts"));
  assertEquals(file, await generateTypes(stack.DB_URL), "run `deno task types`");
});

Deno.test("the seed gives a user and a chat, and can run twice", async () => {
  const seed = await Deno.readTextFile(join(PROJECT_ROOT, "supabase/seed.sql"));
  await asOperator((sql) => sql.unsafe(seed).simple());
  await pushMigrations(stack.DB_URL, { seed: true });
  const client = createClient<Database>(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await client.auth.signInWithPassword({
    email: "demo@example.com",
    password: "demo-password",
  });
  assertEquals(error, null);
  const { data } = await client.from("chats").select(
    "title, chat_messages(id, parent_id, role, search_results(*))",
  )
    .order("seq", { referencedTable: "chat_messages" });
  assertEquals(
    data!.map(({ title, chat_messages }) => [title, chat_messages.map(({ role }) => role)]),
    [["A first chat", ["user", "assistant", "assistant"]]],
  );
  const [question, ...answers] = data![0]!.chat_messages;
  assertEquals(answers.map(({ parent_id }) => parent_id), [question!.id, question!.id]);
  assertEquals(data![0]!.chat_messages[1]!.search_results.length, 1);
});
