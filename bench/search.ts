/**
 * `deno task bench`: what a search costs, by the size of the database, and what its index costs.
 *
 * A tenth of the messages at first, then all of them: 1,000 a user, but a fifth of all are one user's.
 * Their words are of a vocabulary of 20,000 whose n-th word comes as often as a language's n-th word
 * does. Each search is a call of search_archive on a prepared connection as its user, 20 rounds, beside
 * a page of history. `deno run -A bench/search.ts --messages 1000000` for a large database;
 * `--compare` builds the plainer index, GIN (user_id, words), too.
 */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startDatabase } from "../stack/database.ts";
import { Failure, reportFailure } from "../stack/failure.ts";

const ROUNDS = 20;
/** First page of a usual user, to a page of history. */
const MOST_TO_HISTORY = 3;
/** First page of the user with a fifth of all messages, in milliseconds. */
const MOST_HEAVY_MS = 100;
/** From a tenth of the messages to all. */
const MOST_GROWTH = 1.5;
/** One insert, with the index to without. */
const MOST_INSERT = 1.5;

const HEAVY = userId(1);
const USUAL = userId(2);

const VOCABULARY = `
  create schema bench;
  create table bench.words as
    select n, (
      select string_agg(
        substr('bcdfghklmnprstvz', 1 + (('x' || substr(md5(n || 'a' || k), 1, 6))::bit(24)::int % 16), 1)
        || substr('aeiou', 1 + (('x' || substr(md5(n || 'b' || k), 1, 6))::bit(24)::int % 5), 1), '')
      from generate_series(1, 2 + n % 3) k
    ) as word
    from generate_series(0, 19999) n;
  create unique index on bench.words (n);
  select setseed(0.5);
  create table bench.texts as
    select t.n, (
      select string_agg(w.word, ' ') from (
        select floor(power(20000::float8, random()))::int - 1 as n from generate_series(1, 60) g
        where t.n > 0
      ) r join bench.words w using (n)
    ) as value
    from generate_series(0, 19999) t (n);
  update bench.texts set value = 'none' where value is null;
  alter table bench.texts add words tsvector;
  update bench.texts set words = private.search_words(value);
  create unique index on bench.texts (n);
  analyze bench.texts;`;

function userId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Fills the tables up to so many messages. Entries are written as the triggers would. */
const load = (from: number, to: number) => `
  set session_replication_role = replica;
  set maintenance_work_mem = '512MB';
  drop index private.search_entries_keys_idx;
  insert into auth.users (id)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
    from generate_series(1, ${to / 1000 + 1}) n on conflict do nothing;
  create temporary table made as
    select n, case when n % 5 = 0 then 1 else 2 + (n - n / 5 - 1) / 1000 end as owner
    from generate_series(${from + 1}, ${to}) n;
  alter table made add chat uuid;
  -- Fifty messages a chat.
  update made m set chat = ('c0000000-0000-4000-8000-' || lpad(
    (owner::bigint * 100000 + place / 50)::text, 12, '0'))::uuid
    from (select n, row_number() over (partition by owner order by n) + case when ${from} > 0 and owner = 1
            then ${from} / 5 else 0 end as place from made) p where p.n = m.n;
  insert into public.chats (id, user_id, title, created_at)
    select distinct on (m.chat) m.chat, ('00000000-0000-4000-8000-' || lpad(m.owner::text, 12, '0'))::uuid,
      left(t.value, 30), '2026-01-01'::timestamptz + m.n * interval '1 second'
    from made m join bench.texts t on t.n = m.n % 20000 * 7 % 20000 on conflict do nothing;
  insert into public.chat_messages (id, chat_id, user_id, seq, role, content, created_at)
    select ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, m.chat, c.user_id, m.n,
      'user', t.value, '2026-01-01'::timestamptz + m.n * interval '1 second'
    from made m join public.chats c on c.id = m.chat join bench.texts t on t.n = m.n % 20000 * 7919 % 20000
    order by m.n;
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
    select 'title', c.id, c.user_id, c.id, 0, c.created_at, private.search_words(c.title)
    from public.chats c
    where not exists (select from private.search_entries e where e.id = c.id and e.kind = 'title');
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
    select 'message', ('d0000000-0000-4000-8000-' || lpad(m.n::text, 12, '0'))::uuid, c.user_id, m.chat,
      row_number() over (partition by m.owner order by m.n) - 1
        + case when ${from} > 0 and m.owner = 1 then ${from} / 5 else 0 end,
      c.created_at, t.words
    from made m join public.chats c on c.id = m.chat join bench.texts t on t.n = m.n % 20000 * 7919 % 20000
    order by m.n;
  drop table made;
  create index search_entries_keys_idx on private.search_entries
    using gin (private.search_keys(user_id, kind, ordinal, words), chat_id)
    with (gin_pending_list_limit = 256);
  select setval('private.item_seq', ${to} + 1000000);
  set session_replication_role = default;`;

const VACUUM = `
  vacuum analyze public.chats, public.chat_messages, private.search_entries;`;

/** What belongs to the messages of the chat whose history is read. */
const ITEMS = (chat: string) => `
  insert into public.search_results
    (chat_id, user_id, message_id, block_id, page_number, block_text, score, coords_norm)
  select m.chat_id, m.user_id, m.id, 'block-' || n, n, 'x', 0.5, '[[0.1, 0.1, 0.9, 0.2]]'
  from public.chat_messages m, generate_series(1, 5) n where m.chat_id = '${chat}'`;

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

/** Median milliseconds of some work, after a first time. */
async function time(work: () => Promise<unknown>, rounds = ROUNDS): Promise<number> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return median(times);
}

async function become(sql: postgres.Sql, user: string | null): Promise<void> {
  await sql`reset role`;
  if (user === null) return;
  const claims = JSON.stringify({ sub: user, role: "authenticated" });
  await sql`select set_config('request.jwt.claims', ${claims}, false)`;
  await sql`set role authenticated`;
}

async function searches(sql: postgres.Sql): Promise<Record<string, string>> {
  const [{ words }] = await sql<[{ words: string[] }]>`
    select array_agg(word order by n) as words from bench.words where n in (3, 7, 9000)`;
  const [one, two, rare] = words as [string, string, string];
  // Two words that follow each other somewhere.
  const [{ phrase }] = await sql<[{ phrase: string }]>`
    select split_part(value, ' ', 3) || ' ' || split_part(value, ' ', 4) as phrase
    from bench.texts where n = 77`;
  return {
    "a rare word": `${rare} `,
    "a common word": `${one} `,
    "two common words": `${one} ${two} `,
    "a phrase": `"${phrase}"`,
    "a phrase of common words": `"${one} ${two}"`,
    "a prefix of two letters": one.slice(0, 2),
  };
}

/** Milliseconds of each search, by user. */
async function measure(sql: postgres.Sql): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const queries = await searches(sql);
  const chat = "c0000000-0000-4000-8000-000000200001";
  await become(sql, USUAL);
  found.set("history", await time(() => sql`select * from public.history_page(${chat})`));
  for (const [who, user] of [["usual", USUAL], ["heavy", HEAVY]] as const) {
    await become(sql, user);
    for (const [what, query] of Object.entries(queries)) {
      found.set(
        `${who}: ${what}`,
        await time(() => sql`select * from public.search_archive(${query})`),
      );
    }
  }
  await become(sql, null);
  return found;
}

/** Milliseconds of an insert of some messages, with the index and without, in turns. */
async function inserts(sql: postgres.Sql, count: number): Promise<[number, number]> {
  const times: Record<string, number[]> = { enable: [], disable: [] };
  for (let turn = 0; turn < 10; turn++) {
    const state = turn % 2 ? "enable" : "disable";
    await become(sql, null);
    await sql.unsafe(`alter table public.chat_messages
      ${state} trigger chat_messages_keep_search_entry_on_insert`);
    const [{ values }] = await sql<[{ values: string[] }]>`
      select array_agg(value) as values from bench.texts where n <= ${count + turn}`;
    await become(sql, USUAL);
    times[state]!.push(
      await time(() =>
        sql`insert into public.chat_messages (chat_id, role, content)
            select 'c0000000-0000-4000-8000-000000200003', 'user', v
            from unnest(${values.slice(0, count)}::text[]) v`
      ),
    );
  }
  await become(sql, null);
  return [median(times.enable!), median(times.disable!)];
}

async function compare(sql: postgres.Sql): Promise<void> {
  await sql`create index plain_idx on private.search_entries using gin (user_id, words)`;
  const queries = await searches(sql);
  console.log("\nthe ids alone, by GIN (user_id, words):\n");
  for (const [what, query] of Object.entries(queries)) {
    const milliseconds = await time(() =>
      sql.unsafe(`select count(*) from private.search_entries e
        where e.user_id = '${USUAL}'
          and e.words @@ (private.parse_search('${query}')).matching`)
    );
    console.log(`- ${what}: ${milliseconds.toFixed(1)} ms`);
  }
}

async function run(
  { url, adminUrl }: { url: string; adminUrl: string },
  messages: number,
  comparing: boolean,
): Promise<string[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  // Triggers are off while the tables are filled.
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  const missed: string[] = [];
  try {
    await sql.unsafe(VOCABULARY);
    await admin.unsafe(load(0, messages / 10));
    await admin.unsafe(VACUUM);
    await sql.unsafe(ITEMS("c0000000-0000-4000-8000-000000200001"));
    const few = await measure(sql);
    await admin.unsafe(load(messages / 10, messages));
    await admin.unsafe(VACUUM);
    const many = await measure(sql);
    console.log(`| ${ROUNDS} rounds, medians | ${messages / 10} messages | ${messages} | ratio |`);
    console.log("| --- | --- | --- | --- |");
    const history = many.get("history")!;
    for (const [what, milliseconds] of many) {
      const before = few.get(what)!;
      // The heavy user's own share grows with all of it.
      const ratio = what.startsWith("heavy") ? "" : (milliseconds / before).toFixed(2);
      console.log(
        `| ${what} | ${before.toFixed(1)} ms | ${milliseconds.toFixed(1)} ms | ${ratio} |`,
      );
      if (what.startsWith("usual") && milliseconds > MOST_TO_HISTORY * history) {
        missed.push(`${what}: more than ${MOST_TO_HISTORY} pages of history`);
      }
      if (what.startsWith("heavy") && milliseconds > MOST_HEAVY_MS) {
        missed.push(`${what}: more than ${MOST_HEAVY_MS} ms`);
      }
      if (Number(ratio) > MOST_GROWTH) missed.push(`${what}: grew by ${ratio}`);
    }
    console.log("\n| insert | with the index | without | ratio |\n| --- | --- | --- | --- |");
    for (const count of [1, 100]) {
      const [on, off] = await inserts(sql, count);
      console.log(
        `| ${count} | ${on.toFixed(2)} ms | ${off.toFixed(2)} ms | ${(on / off).toFixed(2)} |`,
      );
      if (count === 1 && on / off > MOST_INSERT) {
        missed.push(`one insert: ${(on / off).toFixed(2)}`);
      }
    }
    const [sizes] = await sql<[Record<string, string>]>`
      select pg_size_pretty(pg_total_relation_size('public.chat_messages')) as messages,
             pg_size_pretty(pg_total_relation_size('private.search_entries')) as entries,
             pg_size_pretty(pg_relation_size('private.search_entries_keys_idx')) as keys`;
    console.log(
      `\ndisk: messages ${sizes.messages}, entries ${sizes.entries}, of that the index ` +
        `of words ${sizes.keys}`,
    );
    if (comparing) await compare(sql);
  } finally {
    await admin.end();
    await sql.end();
  }
  return missed;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      messages: { type: "string", default: "100000" },
      compare: { type: "boolean", default: false },
    },
  });
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  const database = await startDatabase({ dataDir: `${dataDir}/data`, port: 0, ephemeral: true });
  try {
    const missed = await run(database, Number(values.messages), values.compare);
    if (missed.length > 0) {
      throw new Failure("searches miss their goals", missed.join("\n"));
    }
    return 0;
  } finally {
    await database.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
