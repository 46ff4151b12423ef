/** Whoever pages by seq while others append sees every message exactly once, in order. */
import postgres from "postgres";
import { assert, assertEquals } from "@std/assert";
import { asOperator, stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

interface Row {
  seq: number;
  label: string;
}

/** Appends a row in a transaction that stays open for a while. */
type Append = (sql: postgres.ISql, label: string) => Promise<unknown>;
/** Reads what comes after a number, in order. */
type Page = (sql: postgres.ISql, after: number) => Promise<Row[]>;

/** Six writers append, slow ones first, while a reader pages. @returns what the reader saw */
async function pageWhileOthersAppend(append: Append, page: Page): Promise<string[]> {
  const sql = postgres(stack.DB_URL, { max: 8, onnotice: () => {} });
  try {
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let turn = 0; turn < 4; turn++) {
          await sql.begin(async (tx) => {
            await append(tx, `${writer}.${turn}`);
            // The first writer commits last, with the number that it was given first.
            await tx`select pg_sleep(${writer === 0 ? 0.15 : 0.005})`;
          });
        }
      }),
    ).finally(() => writing = false);
    const seen: string[] = [];
    let after = 0;
    for (let last = false; !last;) {
      last = !writing;
      const rows = await page(sql, after);
      seen.push(...rows.map(({ label }) => label));
      after = rows.at(-1)?.seq ?? after;
    }
    await writers;
    return seen;
  } finally {
    await sql.end();
  }
}

const ALL = Array.from({ length: 24 }, (_, n) => `${n % 6}.${Math.floor(n / 6)}`).toSorted();

Deno.test("messages: none is skipped, none comes twice", async () => {
  const chat_id = await user.createChat();
  const seen = await pageWhileOthersAppend(
    (sql, label) =>
      sql`insert into chat_messages (chat_id, user_id, role, content)
          values (${chat_id}, ${user.id}, 'user', ${label})`,
    (sql, after) =>
      sql<Row[]>`select seq::int, content as label from chat_messages
                 where chat_id = ${chat_id} and seq > ${after} order by seq`,
  );
  assertEquals(seen.toSorted(), ALL);
  for (let writer = 0; writer < 6; writer++) {
    const own = seen.filter((label) => label.startsWith(`${writer}.`));
    assertEquals(own, own.toSorted(), "each writer's messages are in its order");
  }
});

Deno.test("the same with a plain identity column skips rows, so the test can fail", async () => {
  const table = `order_probe_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOperator((sql) =>
    sql.unsafe(
      `create table private.${table} (seq bigint generated always as identity, label text)`,
    )
  );
  try {
    const seen = await pageWhileOthersAppend(
      (sql, label) => sql`insert into private.${sql(table)} (label) values (${label})`,
      (sql, after) =>
        sql<Row[]>`select seq::int, label from private.${sql(table)}
                   where seq > ${after} order by seq`,
    );
    assert(seen.length < ALL.length, "a reader lost rows");
  } finally {
    await asOperator((sql) => sql.unsafe(`drop table private.${table}`));
  }
});

Deno.test("a batch keeps its order", async () => {
  const chat_id = await user.createChat();
  const contents = Array.from({ length: 500 }, (_, index) => `message ${index}`);
  const { error } = await user.client.from("chat_messages")
    .insert(contents.map((content) => ({ chat_id, role: "user", content })));
  assertEquals(error, null);
  const { data } = await user.client.from("chat_messages").select("content")
    .eq("chat_id", chat_id).order("seq");
  assertEquals(data!.map(({ content }) => content), contents);
});

Deno.test("a batch updates each of its chats once, and moves updated_at", async () => {
  const chats = [await user.createChat(), await user.createChat()];
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      const updates = async () => {
        const [row] = await tx`select n_tup_upd::int as count from pg_stat_xact_user_tables
                               where relid = 'public.chats'::regclass`;
        return row!["count"];
      };
      const times = async () =>
        (await tx`select updated_at from chats where id = any (${chats}) order by updated_at`)
          .map(({ updated_at }) => updated_at.getTime());
      const [before, counted] = [await times(), await updates()];
      await tx`insert into chat_messages (chat_id, user_id, role, content)
               select chat_id, ${user.id}, 'user', 'message ' || n
               from unnest(${chats}::uuid[]) as chat_id, generate_series(1, 250) as n`;
      assertEquals(await updates() - counted, 2);
      const after = await times();
      assert(after[0]! > before[1]!, `${after} is after ${before}`);
    })
  );
});
