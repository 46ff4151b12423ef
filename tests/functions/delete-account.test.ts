import { deleteAccount } from "../../supabase/functions/delete-account/handler.ts";
import { decodeJwt } from "jose";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { apiClient, workerClient } from "../support/api_client.ts";
import { chatsOf, usersOf } from "../support/accounts.ts";
import { cleanup } from "../support/deletion.ts";
import { factsOf, image, pdf, put, reserve, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { reissue } from "../support/tokens.ts";
import { assertError, assertField, post, signUp } from "../support/users.ts";

const PDF = {
  name: "a.pdf",
  content_type: "application/pdf",
  kind: "document",
  bytes: pdf(),
} as const;

/** The tables, of all schemas, in which some row has a text in it. */
async function tablesWith(text: string): Promise<string[]> {
  return await asOperator(async (sql) => {
    const tables = await sql`
      select format('%I.%I', n.nspname, c.relname) as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname in ('public', 'private', 'auth')
        -- The auth server's own record of who signed in, which it keeps as long as it is told to.
        and c.relname <> 'audit_log_entries'
      order by 1`;
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe(`select from ${name} t where t::text ilike $1 limit 1`, [
        `%${text}%`,
      ]);
      if (rows.length > 0) found.push(name);
    }
    return found;
  });
}

const sessionOf = ({ token }: { token: string }) => String(decodeJwt(token)["session_id"]);

/** Lets the sessions of a user have begun earlier. */
const ageSessions = ({ id }: { id: string }, seconds: number) =>
  asOperator((sql) =>
    sql`update auth.sessions set created_at = now() - make_interval(secs => ${seconds})
        where user_id = ${id}`
  );

Deno.test("a session that began more than ten minutes ago does not delete the account", async () => {
  const user = await signUp();
  await user.createChat();
  const ask = (token: string) => post("delete-account", { confirm: user.email }, token);
  await ageSessions(user, 601);
  assertMatch(assertError(await ask(user.token), 403, "forbidden").message, /sign in again/);

  // A refreshed token is a new one of the same old session.
  const { data: { session } } = await user.client.auth.refreshSession();
  const refreshed = session!.access_token;
  assertEquals(sessionOf({ token: refreshed }), sessionOf(user));
  assertError(await ask(refreshed), 403, "forbidden");
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: now },
      { session_id: undefined },
      { session_id: "no id" },
      { session_id: crypto.randomUUID() },
      { session_id: sessionOf(await signUp()) },
    ]
  ) {
    assertError(await ask(await reissue(user.token, claims)), 403, "forbidden");
  }
  assertEquals([await chatsOf(user), await usersOf(user)], [1, 1]);

  const { email, password } = user;
  const signedIn = await user.client.auth.signInWithPassword({ email, password });
  assertEquals((await ask(signedIn.data.session!.access_token)).status, 202);
  assertEquals([await chatsOf(user), await usersOf(user)], [0, 0]);
});

Deno.test("an account goes: rows, auth user, bytes, and every trace of who it was", async () => {
  const [leaving, staying] = [await signUp(), await signUp()];
  const chat_id = await leaving.createChat("Mine");
  await leaving.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: `I am ${leaving.email}` });
  await uploadAll(leaving, chat_id, [{ ...image(), name: `${leaving.email}.png` }, PDF]);
  const [open] = await reserve(leaving, chat_id, [image("open.png", 1)]);
  await put(open!, image("open.png", 1).bytes);
  await uploadAll(leaving, await leaving.createChat("Second"), [image()]);
  await uploadAll(staying, await staying.createChat(), [image()]);

  const { status, body } = await leaving.call("delete-account", { confirm: leaving.email });
  const { final_sweep_at, ...rest } = body;
  assertEquals([status, rest], [202, { status: "deleted", chats: 2, objects_pending: 2 }]);
  assert(Date.parse(final_sweep_at) > Date.now());
  assertEquals([await chatsOf(leaving), await usersOf(leaving)], [0, 0]);

  await cleanup();
  assertEquals(await keysBelow(`${leaving.id}/`), []);
  assertEquals((await keysBelow(`${staying.id}/`)).length, 1);
  assertEquals([await chatsOf(staying), await usersOf(staying)], [1, 1]);

  assertEquals(await tablesWith(leaving.email), []);
  assertEquals(
    (await tablesWith(leaving.id)).toSorted(),
    ["private.chat_tombstones", "private.user_tombstones", "public.storage_deletions"],
    "ids alone, and the receipt",
  );

  const again = await leaving.call("delete-account", { confirm: leaving.email });
  assertEquals([again.status, again.body], [202, { ...body, objects_pending: 0 }]);
});

Deno.test("without the right confirmation nothing goes", async () => {
  const [user, other] = [await signUp(), await signUp()];
  await user.createChat();
  for (const confirm of [other.email, user.id, `${user.email} `, "", "yes", null, 1]) {
    const error = assertError(
      await user.call("delete-account", { confirm }),
      400,
      "invalid_request",
    );
    assertField(error, "confirm");
  }
  assertEquals([await chatsOf(user), await usersOf(user)], [1, 1]);
});

Deno.test("an address is confirmed in any case; without one the user id confirms", async () => {
  const loud = await signUp();
  assertEquals(
    (await loud.call("delete-account", { confirm: loud.email.toUpperCase() })).body.status,
    "deleted",
  );
  const nameless = await signUp();
  const token = await reissue(nameless.token, { email: "" });
  assertError(
    await post("delete-account", { confirm: nameless.email }, token),
    400,
    "invalid_request",
  );
  const { body } = await post("delete-account", { confirm: nameless.id }, token);
  assertEquals([body.status, await usersOf(nameless)], ["deleted", 0]);
});

Deno.test("a token that outlives its account opens nothing but the receipt", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await user.call("delete-account", { confirm: user.email });

  const { error } = await user.client.from("chats").insert({ title: "After" });
  assertEquals(error?.code, "23503");
  assertEquals((await user.client.from("chats").select("id")).data, []);
  assertError(
    await user.call("presign-upload", {
      chat_id,
      files: [factsOf({ ...image("a"), bytes: new Uint8Array(1) })],
    }),
    404,
    "not_found",
  );
  const { data } = await user.client.from("storage_deletions").select("chat_id, reason");
  assertEquals(data, [{ chat_id, reason: "chat_deleted" }]);
});

Deno.test("a chat made between the last slice and the end goes with the user", async () => {
  const user = await signUp();
  await user.createChat();
  const admin = workerClient();
  const late: string[] = [];
  const interrupted = new Proxy(admin, {
    get(target, name) {
      if (name !== "rpc") return Reflect.get(target, name);
      return async (...call: Parameters<typeof admin.rpc>) => {
        if (call[0] === "delete_account_user") {
          late.push(await user.createChat("Late"));
          await uploadAll(user, late[0]!, [image()]);
        }
        return await target.rpc(...call);
      };
    },
  });
  const { body } = await deleteAccount({ confirm: user.email }, {
    caller: { ...user, sessionId: sessionOf(user) },
    db: apiClient({ token: user.token }),
    admin: interrupted,
    budget: 10_000,
  });
  assertEquals([body.status, body.chats, body.objects_pending], ["deleted", 2, 2]);
  await cleanup();
  assertEquals([late.length, await keysBelow(`${user.id}/`)], [1, []]);
});

Deno.test("a chat too large for one statement goes in slices", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await asOperator(async (sql) => {
    await sql`insert into chat_messages (chat_id, user_id, role, content)
      select ${chat_id}, ${user.id}, 'user', 'x' from generate_series(1, 25)`;
    await sql`insert into search_results (chat_id, user_id, message_id, block_id, page_number)
      select chat_id, user_id, id, 'b', 1 from chat_messages where chat_id = ${chat_id}`;
    const slice = async () => {
      const [row] = await sql`
        select * from delete_account_slice(${user.id}, budget_seconds => 0, max_rows => 10)`;
      const [left] = await sql`
        select (select count(*)::int from chat_messages where chat_id = ${chat_id}) as messages,
               (select count(*)::int from search_results where chat_id = ${chat_id}) as hits`;
      return { ...row, ...left };
    };
    // No time at all: nothing is begun, and nothing is called finished.
    assertEquals(await slice(), { chats: 0, finished: false, messages: 25, hits: 25 });
    const [row] = await sql`select * from delete_account_slice(${user.id}, max_rows => 10)`;
    assertEquals({ ...row }, { chats: 1, finished: true });
  });
  assertEquals(await chatsOf(user), 0);
});

Deno.test("a table of the application's own that holds on to the user: conflict, and it says so", async () => {
  const user = await signUp();
  await asOperator((sql) =>
    sql`create table extensions.orders (user_id uuid references auth.users (id))`
  );
  try {
    await asOperator((sql) => sql`insert into extensions.orders values (${user.id})`);
    const answer = await user.call("delete-account", { confirm: user.email });
    assertError(answer, 409, "conflict");
    assertEquals(await usersOf(user), 1);
  } finally {
    await asOperator((sql) => sql`drop table extensions.orders`);
  }
  const { body } = await user.call("delete-account", { confirm: user.email });
  assertEquals(body.status, "deleted");
});
