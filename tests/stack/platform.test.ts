/** Where the embedded API must not differ from the platform's. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { asOperator, ofEmbeddedStack, stack } from "../support/stack.ts";
import { eventually } from "../support/eventually.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

Deno.test("times have PostgREST's format", async () => {
  const { data } = await user.client.from("chats").insert({ title: "T" }).select().single();
  assertMatch(data!.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
});

Deno.test("errors carry PostgreSQL's codes, with PostgREST's statuses", async () => {
  const { client } = user;
  const chat_id = await user.createChat();
  const cases: [string, number, PromiseLike<{ status: number; error: { code: string } | null }>][] =
    [
      ["23514", 400, client.from("chats").insert({ title: " " })],
      ["23505", 409, client.from("chats").insert({ id: chat_id, title: "T" })],
      [
        "23503",
        409,
        client.from("chat_messages")
          .insert({ chat_id: crypto.randomUUID(), role: "user", content: "x" }),
      ],
      ["22001", 400, client.from("chats").insert({ title: "x".repeat(256) })],
      ["22P02", 400, client.from("chats").select().eq("id", "no-uuid")],
      ["42501", 403, client.from("chats").update({ user_id: user.id })],
      ["42501", 403, client.from("storage_deletions").delete().eq("user_id", user.id)],
    ];
  for (const [code, status, query] of cases) {
    const answer = await query;
    assertEquals([answer.error?.code, answer.status], [code, status]);
  }
});

Deno.test("a batch whose rows differ in their keys, and an order by what is not selected, are refused", async () => {
  const { client } = user;
  const chat_id = await user.createChat();
  const row = { chat_id, role: "user", content: "x" };
  const mixed = await client.from("chat_messages").insert([row, { ...row, message_type: "note" }]);
  assertEquals([mixed.error?.code, mixed.status], ["23502", 400]);
  const unselected = await client.from("chat_messages").insert([row]).select("id").order("seq");
  assertEquals([unselected.error?.code, unselected.status], ["42703", 400]);
  const good = await client.from("chat_messages").insert([row, row]).select("id, seq").order("seq");
  assertEquals([good.error, good.data?.length], [null, 2]);
});

Deno.test("no more than 1,000 rows come in one answer", async () => {
  const chat_id = await user.createChat();
  const rows = Array.from({ length: 1001 }, () => ({ chat_id, role: "user", content: "x" }));
  await user.client.from("chat_messages").insert(rows);
  const { data } = await user.client.from("chat_messages").select("id").eq("chat_id", chat_id);
  assertEquals(data!.length, 1000);
});

Deno.test("a statement that takes longer than 8 s is cancelled", async () => {
  const id = await user.createChat();
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      await tx`select 1 from chats where id = ${id} for update`;
      const started = performance.now();
      // It waits for the row that the operator holds.
      const { error, status } = await user.client.from("chats").update({ title: "T" }).eq("id", id);
      assertEquals([error?.code, status], ["57014", 500]);
      const waited = performance.now() - started;
      assert(waited > 7_500 && waited < 9_500, `cancelled after ${waited} ms`);
    })
  );
});

Deno.test("access tokens are ES256 and verify with the published JWKS", async () => {
  const [header] = user.token.split(".");
  const { alg, kid } = JSON.parse(atob(header!));
  assertEquals(alg, "ES256");
  const response = await fetch(`${stack.API_URL}/auth/v1/.well-known/jwks.json`);
  const { keys } = await response.json();
  assertEquals(keys.map((key: { kid: string }) => key.kid), [kid]);
  assertEquals("d" in keys[0], false, "the private part is not published");
});

Deno.test("sign-in, refresh and getUser work with translated tokens", async () => {
  const email = `person-${crypto.randomUUID()}@example.com`;
  const password = crypto.randomUUID();
  await user.client.auth.signUp({ email, password });
  const { data, error } = await user.client.auth.signInWithPassword({ email, password });
  assertEquals(error, null);
  const refreshed = await user.client.auth.refreshSession();
  assertNotEquals(refreshed.data.session?.refresh_token, data.session?.refresh_token);
  const { data: me } = await user.client.auth.getUser();
  assertEquals(me.user?.email, email);
});

Deno.test("the API needs a key, and the API grants nothing that the migrations did not", async () => {
  const bare = await fetch(`${stack.API_URL}/rest/v1/chats`);
  assertEquals(bare.status, 401);
  await bare.body?.cancel();
  const anonymous = await fetch(`${stack.API_URL}/rest/v1/chats`, {
    headers: { apikey: stack.PUBLISHABLE_KEY },
  });
  assertEquals(anonymous.status, 401);
  assertEquals((await anonymous.json()).code, "42501");
  const grants = await asOperator((sql) =>
    sql`select 1 from information_schema.role_table_grants
        where table_schema = 'public' and grantee = 'anon'`
  );
  assertEquals(grants.length, 0);
});

Deno.test("the server listens on loopback only", ofEmbeddedStack, async () => {
  const [row] = await asOperator((sql) => sql`show listen_addresses`);
  assertEquals(row!["listen_addresses"], "127.0.0.1");
  const own = Deno.networkInterfaces()
    .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."));
  if (!own) return;
  for (const url of [stack.API_URL, stack.DB_URL]) {
    const open = await Deno.connect({ hostname: own.address, port: Number(new URL(url).port) })
      .then((connection) => (connection.close(), true), () => false);
    assert(!open, `${own.address} answers`);
  }
});

Deno.test("a table or column that is made, changed or dropped meanwhile is seen without a restart", async () => {
  const { client } = user;
  // deno-lint-ignore no-explicit-any -- a table that the types do not know
  const probe = () => client.from("schema_probe" as any).select("added");
  try {
    await asOperator((sql) =>
      sql.unsafe(
        "create table public.schema_probe (id int); grant select on public.schema_probe to authenticated",
      )
        .simple()
    );
    await eventually("the table is there", async () => (await probe()).error?.code === "42703");
    await asOperator((sql) => sql`alter table public.schema_probe add added text`);
    await eventually("the column is there", async () => (await probe()).error === null);
  } finally {
    await asOperator((sql) => sql`drop table public.schema_probe`);
  }
  await eventually("the table is gone", async () => (await probe()).status === 404);
});
