/**
 * The same statements on databases of 10,000, 1,000,000 and 10,000,000 messages, in turn, as their user under the
 * rules. Nine tenths are in chats of 100 messages, 10 chats a user; one chat has the last tenth, and its user a
 * hundredth as many chats as there are messages. Last, what each index takes, and how often it was scanned, in
 * the largest one.
 */
import type postgres from "postgres";
import { alone, compared } from "./harness/figures.ts";
import { inTurn, type Way } from "./harness/in_turn.ts";
import { become, withDatabase, withSql } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { median } from "./harness/statistics.ts";
import { textsOf } from "./harness/texts.ts";

const GOAL = 1.5;
const HEAVY = "00000000-0000-4000-8000-000000000001";
const USUAL = "00000000-0000-4000-8000-000000000002";
/** Of the heavy user: a tenth of all messages. */
const LONG = "e0000000-0000-4000-8000-000000000001";
/** SQL of the id of a usual chat, from 0. */
const chatId = (n: string) => `('c0000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
/** A chat of the usual user. */
const CHAT = "c0000000-0000-4000-8000-000000000000";
/** Usual chats that are written at the same time, so that a page of one is on many pages of the disk. */
const AT_ONCE = 90;

/** Messages in usual chats. */
const usual = (messages: number) => messages * 0.9;
/** In the middle of the longest chat. */
const middle = (messages: number) => usual(messages) + messages / 20;

/** Fills the tables, each a statement. Entries of search are written as the triggers would. */
const load = (messages: number) => [
  `set session_replication_role = replica`,
  `set maintenance_work_mem = '1GB'`,
  `drop index private.search_entries_keys_idx`,
  `insert into auth.users (id)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
    from generate_series(1, ${usual(messages) / 1000 + 1}) n`,
  `insert into public.chats (id, user_id, title, created_at, updated_at)
    select ${chatId("n")}, ('00000000-0000-4000-8000-' || lpad((2 + n / 10)::text, 12, '0'))::uuid,
      'Chat ' || n, t, t
    from generate_series(0, ${usual(messages) / 100 - 1}) n,
      lateral (select '2026-01-01'::timestamptz + n * interval '1 second' as t) x`,
  `insert into public.chats (id, user_id, title, created_at, updated_at)
    select ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${HEAVY}', 'Chat ' || n, t, t
    from generate_series(1, ${messages / 100}) n,
      lateral (select '2026-01-01'::timestamptz + n * interval '1 second' as t) x`,
  // Which message of its user each one is: 10 chats of 100 messages, round by round.
  `create view bench.made as
    select n, ${chatId("chat")} as chat_id,
      ('00000000-0000-4000-8000-' || lpad((2 + chat / 10)::text, 12, '0'))::uuid as user_id,
      n % ${AT_ONCE * 100} / ${AT_ONCE} * 10 + chat % 10 as ordinal
    from generate_series(0, ${usual(messages) - 1}) n,
      lateral (select n / ${AT_ONCE * 100} * ${AT_ONCE} + n % ${AT_ONCE} as chat) x
    union all
    select ${usual(messages)} + n, '${LONG}', '${HEAVY}', n from generate_series(0, ${
    messages / 10 - 1
  }) n`,
  `insert into public.chat_messages (id, chat_id, user_id, seq, role, content, created_at)
    select ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, m.chat_id, m.user_id, m.n + 1,
      'user', t.value, '2026-01-01'::timestamptz + m.n * interval '1 second'
    from bench.made m join bench.texts t on t.n = m.n % 20000`,
  `insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
    select 'message', ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, m.user_id, m.chat_id,
      m.ordinal, '2026-01-01'::timestamptz + m.n * interval '1 second', t.words
    from bench.made m join bench.texts t on t.n = m.n % 20000`,
  `create index search_entries_keys_idx on private.search_entries
    using gin (private.search_keys(user_id, kind, ordinal, words), chat_id)
    with (gin_pending_list_limit = 256)`,
  `insert into public.search_results
    (id, chat_id, user_id, message_id, seq, block_id, page_number, block_text, coords_norm)
    select gen_random_uuid(), chat_id, user_id, id, ${messages} + seq, 'b' || seq, 1, repeat('text ', 20),
      '[0, 0, 1, 1]'
    from public.chat_messages where seq % 5 = 0 and chat_id <> '${LONG}'`,
  `select setval('private.item_seq', ${messages * 10})`,
  `set session_replication_role = default`,
  `vacuum analyze`,
];

/** The words that are searched, from bench.words. */
interface Words {
  common: string;
  rare: string;
}

/** A database. */
interface Sized {
  sql: postgres.Sql;
  messages: number;
  words: Words;
}

/** What is measured; `n` counts the runs on a database. */
interface Case {
  what: string;
  /** Whose statement it is; the operator's without one. */
  user?: string;
  statement(place: Sized, n: number): Promise<unknown>;
  /** There is none where a user has the more to search the larger the database is. */
  hasGoal?: false;
}

/** What is drawn together, by the name of its plot. */
const PLOTS: Record<string, { title: string; cases: Case[] }> = {
  pages: {
    title: "Pages",
    cases: [
      {
        what: "first page of a user's chats",
        user: HEAVY,
        statement: ({ sql }) =>
          sql`select * from public.chats order by created_at desc, id desc limit ${50}`,
      },
      {
        what: "a page in the middle of them",
        user: HEAVY,
        statement: ({ sql, messages }) =>
          sql`select * from public.chats
              where created_at < ${new Date(Date.UTC(2026, 0, 1) + (messages / 200 + 1) * 1000)}
              order by created_at desc, id desc limit 50`,
      },
      {
        what: "first page of a usual chat",
        user: USUAL,
        statement: ({ sql }) => sql`select * from public.history_page(${CHAT})`,
      },
      {
        what: "middle of the longest chat",
        user: HEAVY,
        statement: ({ sql, messages }) =>
          sql`select * from public.history_page(${LONG}, ${middle(messages)})`,
      },
    ],
  },
  writes: {
    title: "Inserts, deletes and a page of an export",
    cases: [
      {
        what: "insert into a usual chat",
        user: USUAL,
        statement: ({ sql }) =>
          sql`insert into public.chat_messages (chat_id, role, content)
              values (${CHAT}, 'user', 'A question about the second page')`,
      },
      {
        what: "page of an export",
        user: HEAVY,
        statement: ({ sql, messages }) =>
          sql`select * from public.chat_messages_page(${LONG}, ${
            middle(messages)
          }, max_rows => 180)`,
      },
      {
        what: "delete of 100 messages",
        statement: ({ sql }, n) =>
          sql.unsafe(`select public.delete_chats_slice(array[${chatId(`1 + ${n}`)}])`),
      },
      {
        what: "delete of 10 from the longest",
        // As delete_chats_slice does of what is too much for one statement.
        statement: ({ sql }) =>
          sql`delete from public.chat_messages d where d.id in (
                select m.id from public.chat_messages m where m.chat_id = ${LONG}
                order by m.seq desc limit 10)`,
      },
    ],
  },
  search: {
    title: "Searches, and an insert into the longest chat",
    cases: [
      {
        what: "a common word, of 1,000",
        user: USUAL,
        statement: ({ sql, words }) =>
          sql`select * from public.search_archive(${words.common + " "})`,
      },
      {
        what: "a rare word, of 1,000",
        user: USUAL,
        statement: ({ sql, words }) =>
          sql`select * from public.search_archive(${words.rare + " "})`,
      },
      {
        what: "a common word, of a tenth",
        user: HEAVY,
        hasGoal: false,
        statement: ({ sql, words }) =>
          sql`select * from public.search_archive(${words.common + " "})`,
      },
      {
        what: "insert into the longest chat",
        user: HEAVY,
        statement: ({ sql }) =>
          sql`insert into public.chat_messages (chat_id, role, content)
              values (${LONG}, 'user', 'A question about the second page')`,
      },
    ],
  },
};

const named = (count: number) => count.toLocaleString("en");

/** Runs a case on all databases in turn. @returns milliseconds, by size */
async function timesOf(
  { user, statement }: Case,
  places: Sized[],
  rounds: number,
): Promise<Map<number, number[]>> {
  for (const { sql } of places) await become(sql, user ?? null);
  const ways = Object.fromEntries(places.map((place): [string, Way] => {
    let n = 0;
    return [String(place.messages), { run: () => statement(place, n++) }];
  }));
  const samples = await inTurn(ways, { rounds });
  for (const { sql } of places) await become(sql, null);
  return new Map(places.map(({ messages }) => [messages, samples[String(messages)]!.time]));
}

async function compareSizes(places: Sized[], { quick, add, plot, note }: Bench): Promise<void> {
  // The smallest one has 90 usual chats to delete from.
  const rounds = quick ? 10 : 80;
  const [smallest, ...larger] = places.map(({ messages }) => messages);
  for (const [name, { title, cases }] of Object.entries(PLOTS)) {
    const series = [];
    for (const one of cases) {
      const times = await timesOf(one, places, rounds);
      for (const size of larger) {
        add(compared(
          `${one.what}: ${named(size)} to ${named(smallest!)}`,
          times.get(size)!,
          times.get(smallest!)!,
          one.hasGoal === false ? {} : { bound: GOAL },
        ));
      }
      series.push({
        name: one.what,
        points: [...times].map(([size, list]): [number, number] => [size, median(list)]),
      });
      note(one.what);
    }
    plot({ name: `growth_${name}`, title, size: "messages in the database", series });
  }
}

/** What indexes take, and how often they were scanned. */
async function weighIndexes({ sql }: Sized, { add }: Bench): Promise<void> {
  const indexes = await sql<{ name: string; bytes: number; scans: number }[]>`
    select indexrelname as name, pg_relation_size(indexrelid)::float8 as bytes, idx_scan::int as scans
    from pg_stat_user_indexes
    where relname in ('chats', 'chat_messages', 'search_results', 'search_entries')
      and schemaname in ('public', 'private')
    order by bytes desc`;
  for (const { name, bytes, scans } of indexes) {
    const used = scans > 0 ? "scanned" : "not scanned here";
    add(alone(`index ${name}, ${used}`, [bytes / 1e6], { unit: "MB" }));
  }
}

function withMessages<T>(
  messages: number,
  { note }: Bench,
  work: (place: Sized) => Promise<T>,
): Promise<T> {
  return withDatabase(async ({ url, adminUrl }) => {
    const words = await withSql(adminUrl, async (admin) => {
      await admin.unsafe(textsOf(10));
      for (const statement of load(messages)) await admin.unsafe(statement);
      const rows = await admin<{ word: string }[]>`
        select word from bench.words where n in (3, 9000) order by n`;
      return { common: rows[0]!.word, rare: rows[1]!.word };
    });
    note(`${named(messages)} messages`);
    return await withSql(url, (sql) => work({ sql, messages, words }));
  });
}

/** Works on databases of all sizes at once. */
function withAll(
  sizes: number[],
  bench: Bench,
  work: (places: Sized[]) => Promise<void>,
  places: Sized[] = [],
): Promise<void> {
  const [size, ...left] = sizes;
  return size === undefined
    ? work(places)
    : withMessages(size, bench, (place) => withAll(left, bench, work, [...places, place]));
}

/** What growth costs. */
export const question = defineQuestion({
  title: "what growth costs: 10,000,000 and 1,000,000 messages beside 10,000",
  answer: (bench) =>
    withAll(
      bench.quick ? [10_000, 100_000] : [10_000, 1_000_000, 10_000_000],
      bench,
      async (places) => {
        await compareSizes(places, bench);
        await weighIndexes(places.at(-1)!, bench);
      },
    ),
});
