/**
 * A million messages a day, twenty times as fast: chats of 20 messages by 50 users in turn, each tenth message
 * an answer that is written in five pieces, each fifth chat deleted, and the worker, which runs each minute,
 * each three seconds. Whether autovacuum keeps up with the dead rows and the worker with its queue, and what
 * an insert takes at the end beside the beginning. STEADY_SECONDS says for how long, 300 without it.
 */
import type postgres from "postgres";
import { delay } from "@shared/async.ts";
import { CleanupReport } from "@shared/contracts/storage-cleanup.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { callWorker } from "../tools/storage/worker_api.ts";
import { alone, compared } from "./harness/figures.ts";
import { withSql, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

/** Times as fast as the day goes. */
const SPEED = 20;
const MESSAGES_A_SECOND = 1_000_000 / (24 * 3600) * SPEED;
const USERS = 50;
const CHAT_MESSAGES = 20;
/** Whose dead rows are counted. */
const TABLES = [
  "public.chat_messages",
  "public.chats",
  "private.search_entries",
  "public.usage",
  "private.usage_deltas",
  "public.storage_deletions",
];

const userId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Writes messages, one after the other. */
class Writer {
  #sql: postgres.Sql;
  #chats: string[] = [];
  /** Milliseconds of each insert. */
  times: number[] = [];

  constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  async #begin(user: string): Promise<void> {
    const [made] = await this.#sql<{ id: string }[]>`
      insert into public.chats (user_id, title) values (${user}, 'A chat') returning id`;
    const count = this.#chats.push(made!.id);
    if (count % 5 === 0) {
      await this.#sql`delete from public.chats where id = ${this.#chats[count - 5]!}`;
    }
  }

  async write(): Promise<void> {
    const n = this.times.length;
    const user = userId(Math.floor(n / CHAT_MESSAGES) % USERS);
    if (n % CHAT_MESSAGES === 0) await this.#begin(user);
    const id = crypto.randomUUID();
    const streamed = n % 10 === 9;
    const started = performance.now();
    await this.#sql`
      insert into public.chat_messages (id, chat_id, user_id, role, content, status)
      values (${id}, ${this.#chats.at(-1)!}, ${user}, ${streamed ? "assistant" : "user"},
        ${`What is on page ${n}? `.repeat(20)}, ${streamed ? "streaming" : "complete"})`;
    this.times.push(performance.now() - started);
    for (let piece = 1; streamed && piece <= 4; piece++) {
      await this.#sql`update public.chat_messages set content = content || ${` piece ${piece}`},
        status = ${piece === 4 ? "complete" : "streaming"} where id = ${id}`;
    }
  }
}

/** Writes at the rate. @returns milliseconds that the last one was late */
async function keepRate(writer: Writer, until: number): Promise<number> {
  const begun = performance.now();
  let wait = 0;
  for (let n = 0; performance.now() < until; n++) {
    wait = begun + n / MESSAGES_A_SECOND * 1000 - performance.now();
    if (wait > 0) await delay(wait);
    await writer.write();
  }
  return Math.max(0, -wait);
}

/** Runs the worker as the schedule would. @returns what was due each time, and dead rows for one alive */
async function keepCleaning({ API_URL, DB_URL, SECRET_KEY }: StackStatus, until: number) {
  const due: number[] = [];
  const dead = new Map<string, number[]>(TABLES.map((table) => [table, []]));
  await withSql(DB_URL, async (sql) => {
    while (performance.now() < until) {
      await delay(60_000 / SPEED);
      const [row] = await sql<{ due: number }[]>`
        select count(*)::int as due from public.storage_deletions
        where done_at is null and not_before <= now()`;
      due.push(row!.due);
      await callWorker({ url: API_URL, secretKey: SECRET_KEY }, {}, CleanupReport);
      for (const table of TABLES) {
        const [stat] = await sql<{ part: number }[]>`
          select coalesce(n_dead_tup::float8 / nullif(n_live_tup, 0), 0) as part
          from pg_stat_user_tables where relid = ${table}::regclass`;
        dead.get(table)!.push(stat!.part);
      }
    }
  });
  return { due, dead };
}

async function measure(
  sql: postgres.Sql,
  status: StackStatus,
  { quick, add }: Bench,
): Promise<void> {
  const seconds = quick ? 20 : Number(Deno.env.get("STEADY_SECONDS") ?? 300);
  for (let n = 0; n < USERS; n++) await sql`insert into auth.users (id) values (${userId(n)})`;
  const writer = new Writer(sql);
  const until = performance.now() + seconds * 1000;
  const [behind, { due, dead }] = await Promise.all([
    keepRate(writer, until),
    keepCleaning(status, until),
  ]);

  const { times } = writer;
  const third = Math.floor(times.length / 3);
  add(alone("messages", [times.length], { unit: "" }));
  add(alone("behind the rate, at the end", [behind], { bound: 1000 }));
  add(compared("insert, last third to first", times.slice(-third), times.slice(0, third), {
    bound: 1.5,
  }));
  add(alone("due entries when the worker comes", due, { unit: "" }));
  add(alone("due entries, at the end", [due.at(-1)!], { unit: "", bound: 100 }));
  for (const [table, parts] of dead) {
    const [stat] = await sql<{ autovacuums: number; size: number }[]>`
      select autovacuum_count::int as autovacuums, pg_total_relation_size(relid)::float8 as size
      from pg_stat_user_tables where relid = ${table}::regclass`;
    add(alone(`${table}, dead rows for one alive`, parts, { unit: "" }));
    add(alone(`${table}, runs of autovacuum`, [stat!.autovacuums], { unit: "" }));
    add(alone(`${table}, with its indexes`, [stat!.size / 1e6], { unit: "MB" }));
  }
}

/** What is asked of a steady rate. */
export const question = defineQuestion({
  title: "a million messages a day, twenty times as fast: vacuum and the worker's queue keep up",
  answer: (bench) =>
    withStackProcess((status) => withSql(status.DB_URL, (sql) => measure(sql, status, bench))),
});
