/**
 * First pages of search_archive as prepared statements of their user: one with 1,000 messages and one with a
 * fifth of all, 1,000 a user otherwise. Databases of 10,000 and of 1,000,000 messages run side by side, and
 * are asked in turn, as is a page of history of the large one (50 messages with 250 search results).
 */
import type postgres from "postgres";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { become, withDatabase, withSql } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { textsOf } from "./harness/texts.ts";

/** A usual user's page, to a page of history. */
const MOST_TO_HISTORY = 3;
/** A page of the user with a fifth of all messages, in milliseconds. */
const MOST_HEAVY_MS = 100;
/** From the small database to the large one. */
const MOST_GROWTH = 1.5;

const userId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const HEAVY = userId(1);
const USUAL = userId(2);
/** A chat of the usual user. */
const CHAT = "c0000000-0000-4000-8000-000000200001";

/** Fills the tables. Entries are written as the triggers would; fifty messages a chat. */
const load = (messages: number) => `
  set session_replication_role = replica;
  set maintenance_work_mem = '512MB';
  drop index private.search_entries_keys_idx;
  insert into auth.users (id)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
    from generate_series(1, ${messages / 1000 + 1}) n;
  create temporary table made as
    select n, owner, place, ('c0000000-0000-4000-8000-' || lpad(
      (owner::bigint * 100000 + place / 50)::text, 12, '0'))::uuid as chat
    from (
      select n, owner, row_number() over (partition by owner order by n) - 1 as place
      from (
        select n, case when n % 5 = 0 then 1 else 2 + (n - n / 5 - 1) / 1000 end as owner
        from generate_series(1, ${messages}) n
      ) o
    ) p;
  insert into public.chats (id, user_id, title, created_at)
    select distinct on (m.chat) m.chat,
      ('00000000-0000-4000-8000-' || lpad(m.owner::text, 12, '0'))::uuid,
      left(t.value, 30), '2026-01-01'::timestamptz + m.n * interval '1 second'
    from made m join bench.texts t on t.n = m.n % 20000 * 7 % 20000;
  insert into public.chat_messages (id, chat_id, user_id, seq, role, content, created_at)
    select ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, m.chat, c.user_id, m.n,
      'user', t.value, '2026-01-01'::timestamptz + m.n * interval '1 second'
    from made m join public.chats c on c.id = m.chat
    join bench.texts t on t.n = m.n % 20000 * 7919 % 20000
    order by m.n;
  -- That of the seed's chat is among them.
  delete from private.search_entries;
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
    select 'title', c.id, c.user_id, c.id,
      row_number() over (partition by c.user_id order by c.created_at) - 1, c.created_at,
      private.search_words(c.title)
    from public.chats c;
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
    select 'message', ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, c.user_id, m.chat,
      m.place, c.created_at, t.words
    from made m join public.chats c on c.id = m.chat
    join bench.texts t on t.n = m.n % 20000 * 7919 % 20000
    order by m.n;
  drop table made;
  create index search_entries_keys_idx on private.search_entries
    using gin (private.search_keys(user_id, kind, ordinal, words), chat_id)
    with (gin_pending_list_limit = 256);
  select setval('private.item_seq', ${messages + 1000000});
  set session_replication_role = default;
  insert into public.search_results
    (chat_id, user_id, message_id, block_id, page_number, block_text, score, coords_norm)
  select m.chat_id, m.user_id, m.id, 'block-' || n, n, 'x', 0.5, '[[0.1, 0.1, 0.9, 0.2]]'
  from public.chat_messages m, generate_series(1, 5) n where m.chat_id = '${CHAT}'`;

async function queries(sql: postgres.Sql): Promise<Record<string, string>> {
  const [row] = await sql<{ words: [string, string, string] }[]>`
    select array_agg(word order by n) as words from bench.words where n in (3, 7, 9000)`;
  const [one, two, rare] = row!.words;
  // Two words that follow each other somewhere.
  const [text] = await sql<{ phrase: string }[]>`
    select split_part(value, ' ', 3) || ' ' || split_part(value, ' ', 4) as phrase
    from bench.texts where n = 77`;
  return {
    "a rare word": `${rare} `,
    "a common word": `${one} `,
    "two common words": `${one} ${two} `,
    "a phrase": `"${text!.phrase}"`,
    "a phrase of common words": `"${one} ${two}"`,
    "a prefix of two letters": one.slice(0, 2),
  };
}

/** Works on a database of so many messages. */
function withMessages(
  messages: number,
  { note }: Bench,
  work: (sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  return withDatabase(async ({ url, adminUrl }) => {
    await withSql(adminUrl, async (admin) => {
      await admin.unsafe(textsOf(60));
      await admin.unsafe(load(messages));
      await admin.unsafe(
        "vacuum analyze public.chats, public.chat_messages, private.search_entries",
      );
    });
    note(`${messages.toLocaleString("en")} messages`);
    await withSql(url, work);
  });
}

async function measure(few: postgres.Sql, many: postgres.Sql, bench: Bench): Promise<void> {
  const { quick, add } = bench;
  const rounds = quick ? 5 : 40;
  const asked = await queries(few);
  const page = (sql: postgres.Sql, query: string) => ({
    run: () => sql`select * from public.search_archive(${query})`,
  });
  const history = { run: () => many`select * from public.history_page(${CHAT})` };
  for (const sql of [few, many]) await become(sql, USUAL);
  for (const [what, query] of Object.entries(asked)) {
    const samples = await inTurn(
      { small: page(few, query), large: page(many, query), history },
      { rounds },
    );
    const { time } = samples.large;
    add(compared(`usual user, ${what}: to the small database`, time, samples.small.time, {
      bound: MOST_GROWTH,
    }));
    add(compared(`usual user, ${what}: to a page of history`, time, samples.history.time, {
      bound: MOST_TO_HISTORY,
    }));
  }
  for (const sql of [few, many]) await become(sql, HEAVY);
  for (const [what, query] of Object.entries(asked)) {
    const { large } = await inTurn({ large: page(many, query) }, { rounds });
    add(alone(`user with a fifth, ${what}`, large.time, { bound: MOST_HEAVY_MS }));
  }
  await become(many, null);
  for (
    const [what, size] of [
      ["messages", "pg_total_relation_size('public.chat_messages')"],
      ["what search keeps of them", "pg_total_relation_size('private.search_entries')"],
      ["of that the index of words", "pg_relation_size('private.search_entries_keys_idx')"],
    ] as const
  ) {
    const [row] = await many.unsafe<{ size: number }[]>(`select ${size}::float8 as size`);
    add(alone(`on disk: ${what}`, [row!.size / 1e6], { unit: "MB" }));
  }
}

/** What a search costs. */
export const question = defineQuestion({
  title: "what a search costs among 1,000,000 messages, beside 10,000 and a page of history",
  answer: (bench) =>
    withMessages(
      10_000,
      bench,
      (few) =>
        withMessages(
          bench.quick ? 100_000 : 1_000_000,
          bench,
          (many) => measure(few, many, bench),
        ),
    ),
});
