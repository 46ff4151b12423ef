/**
 * The same statements on a small database and on a large one, in turn, as their user under the rules. Both have
 * 100 messages a chat and 10 chats a user; one user has a tenth as many chats as there are messages, and one
 * chat of its as many messages again. Last, what each index takes and how often it was scanned in the large one.
 */
import type postgres from "postgres";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { become, withDatabase, withSql } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const GOAL = 1.5;
const HEAVY = "00000000-0000-4000-8000-000000000001";
const USUAL = "00000000-0000-4000-8000-000000000002";
/** Of the heavy user: as many messages as all others have together. */
const LONG = "e0000000-0000-4000-8000-000000000001";
/** A chat of the usual user. */
const CHAT = "c0000000-0000-4000-8000-000000000001";

const load = (messages: number) => `
  set session_replication_role = replica;
  insert into auth.users (id)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
    from generate_series(1, ${messages / 1000 + 1}) n;
  insert into public.chats (id, user_id, title, created_at, updated_at)
    select ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
      ('00000000-0000-4000-8000-' || lpad((2 + (n - 1) / 10)::text, 12, '0'))::uuid,
      'Chat ' || n, t, t
    from generate_series(1, ${messages / 100}) n,
      lateral (select '2026-01-01'::timestamptz + n * interval '1 second' as t) x;
  insert into public.chats (id, user_id, title, created_at, updated_at)
    select ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${HEAVY}', 'Chat ' || n, t, t
    from generate_series(1, ${messages / 10}) n,
      lateral (select '2026-01-01'::timestamptz + n * interval '1 second' as t) x;
  insert into public.chat_messages (id, chat_id, user_id, seq, role, content, created_at)
    select gen_random_uuid(), c.id, c.user_id, n, 'user', repeat('word ', 80),
      '2026-01-01'::timestamptz + n * interval '1 second'
    from generate_series(1, ${messages}) n
    join public.chats c
      on c.id = ('c0000000-0000-4000-8000-' || lpad((1 + n % ${
  messages / 100
})::text, 12, '0'))::uuid;
  insert into public.chat_messages (id, chat_id, user_id, seq, role, content, created_at)
    select gen_random_uuid(), '${LONG}', '${HEAVY}', ${messages} + n, 'user', repeat('word ', 80),
      '2026-01-01'::timestamptz + n * interval '1 second'
    from generate_series(1, ${messages}) n;
  insert into public.search_results
    (id, chat_id, user_id, message_id, seq, block_id, page_number, block_text, coords_norm)
    select gen_random_uuid(), m.chat_id, m.user_id, m.id, ${2 * messages} + m.seq, 'b' || m.seq, 1,
      repeat('text ', 20), '[0, 0, 1, 1]'
    from public.chat_messages m where m.seq % 5 = 0;
  select setval('private.item_seq', ${messages * 10});
  set session_replication_role = default`;

/** A user's statements; `n` counts the rounds. */
interface Case {
  what: string;
  user: string;
  statement(sql: postgres.Sql, n: number, messages: number): Promise<unknown>;
}

const CASES: Case[] = [
  {
    what: "first page of a user's chats (of 10; of a tenth of all)",
    user: HEAVY,
    statement: (sql) =>
      sql`select * from public.chats order by created_at desc, id desc limit ${50}`,
  },
  {
    what: "a page in the middle of them",
    user: HEAVY,
    statement: (sql, _, messages) =>
      sql`select * from public.chats
          where created_at < ${new Date(Date.UTC(2026, 0, 1) + messages / 20 * 1000)}
          order by created_at desc, id desc limit 50`,
  },
  {
    what: "first page of a usual chat's history",
    user: USUAL,
    statement: (sql) => sql`select * from public.history_page(${CHAT})`,
  },
  {
    what: "a page in the middle of the longest chat",
    user: HEAVY,
    statement: (sql, _, messages) =>
      sql`select * from public.history_page(${LONG}, ${messages * 1.5})`,
  },
  {
    what: "a page of the longest chat for an export",
    user: HEAVY,
    statement: (sql, _, messages) =>
      sql`select * from public.chat_messages_page(${LONG}, ${messages * 1.5}, max_rows => 180)`,
  },
  {
    what: "insert into a usual chat",
    user: USUAL,
    statement: (sql) =>
      sql`insert into public.chat_messages (chat_id, role, content)
          values (${CHAT}, 'user', 'A question about the second page')`,
  },
  {
    what: "insert into the longest chat",
    user: HEAVY,
    statement: (sql) =>
      sql`insert into public.chat_messages (chat_id, role, content)
          values (${LONG}, 'user', 'A question about the second page')`,
  },
];

/** Deletes chats of 100 messages one after the other, as the operator: each of another user's. */
const deleteChat = (sql: postgres.Sql, n: number) =>
  sql`delete from public.chats
      where id = ('c0000000-0000-4000-8000-' || lpad(${2 + n}::text, 12, '0'))::uuid`;

interface Sized {
  sql: postgres.Sql;
  messages: number;
}

async function compareSizes(small: Sized, large: Sized, { quick, add }: Bench): Promise<void> {
  const rounds = quick ? 10 : 100;
  const compare = async (
    what: string,
    rounds: number,
    run: (place: Sized, n: number) => Promise<unknown>,
  ) => {
    const counts = { small: 0, large: 0 };
    const samples = await inTurn({
      small: { run: () => run(small, counts.small++) },
      large: { run: () => run(large, counts.large++) },
    }, { rounds });
    add(compared(what, samples.large.time, samples.small.time, { bound: GOAL }));
  };
  for (const { what, user, statement } of CASES) {
    for (const { sql } of [small, large]) await become(sql, user);
    await compare(what, rounds, ({ sql, messages }, n) => statement(sql, n, messages));
  }
  for (const { sql } of [small, large]) await become(sql, null);
  // The small one has 100 chats.
  await compare(
    "delete of a chat with 100 messages",
    Math.min(rounds, 80),
    ({ sql }, n) => deleteChat(sql, n),
  );
}

/** What indexes take, and how often they were scanned. */
async function weighIndexes({ sql }: Sized, { add }: Bench): Promise<void> {
  const indexes = await sql<{ name: string; bytes: number; scans: number }[]>`
    select indexrelname as name, pg_relation_size(indexrelid)::float8 as bytes, idx_scan::int as scans
    from pg_stat_user_indexes
    where relname in ('chats', 'chat_messages', 'search_results') and schemaname = 'public'
    order by bytes desc`;
  for (const { name, bytes, scans } of indexes) {
    const used = scans > 0 ? "scanned" : "not scanned here";
    add(alone(`index ${name}, ${used}`, [bytes / 1e6], { unit: "MB" }));
  }
}

function withMessages(messages: number, { note }: Bench, work: (place: Sized) => Promise<void>) {
  return withDatabase(async ({ url, adminUrl }) => {
    await withSql(adminUrl, async (admin) => {
      await admin.unsafe(load(messages));
      await admin.unsafe("vacuum analyze");
    });
    note(`${messages.toLocaleString("en")} messages, twice`);
    await withSql(url, (sql) => work({ sql, messages }));
  });
}

/** What growth costs. */
export const question = defineQuestion({
  title: "what growth costs: 2,000,000 messages beside 20,000, one chat with half of them",
  answer: (bench) =>
    withMessages(
      10_000,
      bench,
      (small) =>
        withMessages(bench.quick ? 100_000 : 1_000_000, bench, async (large) => {
          await compareSizes(small, large, bench);
          await weighIndexes(large, bench);
        }),
    ),
});
