/**
 * A chat kept as our rows, as LangGraph's PostgresSaver keeps it (a checkpoint with all messages at each step),
 * and as one JSON document a chat, as several chat applications do: the application holds the document and
 * writes it whole. All on one server, by statements alone, ours under the rules; messages of 500 characters.
 */
import { join } from "node:path";
import type postgres from "postgres";
import { TextLineStream } from "../stack/text_lines.ts";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { become, withDatabase, withSql } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { median } from "./harness/statistics.ts";

const USER = "00000000-0000-4000-8000-000000000001";
const CONTENT = "Words of an answer. ".repeat(25);

/** What is done with a chat. */
const OPS = {
  append: "append 1",
  last: "read the last 50",
  all: "read all",
  list: "list 50 chats",
};
type Op = keyof typeof OPS;

/** One way to keep chats. @param size which one of the chats, by the messages that it began with */
interface Store {
  fill(size: number): Promise<unknown>;
  run(op: Op, size: number): Promise<unknown>;
}

const chatId = (size: number) => `c0000000-0000-4000-8000-${String(size).padStart(12, "0")}`;

/** Our tables. */
function rows(sql: postgres.Sql): Store {
  const messages = (size: number, limit: number) =>
    sql`select * from public.chat_messages where chat_id = ${chatId(size)}
        order by seq desc limit ${limit}`;
  return {
    async fill(size) {
      await sql`insert into public.chats (id, title) values (${chatId(size)}, 'A chat')`;
      // One by one, as a chat grows; the largest at once.
      if (size > 1000) {
        await sql`insert into public.chat_messages (chat_id, role, content)
                  select ${chatId(size)}, 'user', ${CONTENT} from generate_series(1, ${size}::int)`;
      } else for (let n = 0; n < size; n++) await this.run("append", size);
    },
    run: (op, size) =>
      ({
        append: () =>
          sql`insert into public.chat_messages (chat_id, role, content)
              values (${chatId(size)}, 'user', ${CONTENT}) returning id`,
        last: () => messages(size, 50),
        async all() {
          // In pages, as the library reads.
          for (let after = 0;;) {
            const page = await sql<{ seq: number }[]>`
              select * from public.chat_messages where chat_id = ${chatId(size)} and seq > ${after}
              order by seq limit 500`;
            if (page.length < 500) return;
            after = page.at(-1)!.seq;
          }
        },
        list: () => sql`select * from public.chats order by updated_at desc, id desc limit 50`,
      })[op](),
  };
}

/** One JSON document a chat. */
function documents(sql: postgres.Sql): Store {
  const held = new Map<number, { messages: { id: string; role: string; content: string }[] }>();
  const read = async (size: number) => {
    const [row] = await sql<{ chat: { messages: unknown[] } }[]>`
      select chat from documents.chats where id = ${chatId(size)}`;
    return row!.chat.messages;
  };
  return {
    async fill(size) {
      held.set(size, { messages: [] });
      await sql`insert into documents.chats (id, title, chat)
                values (${chatId(size)}, 'A chat', '{"messages": []}')`;
      for (let n = 0; n < size; n++) {
        held.get(size)!.messages.push({ id: crypto.randomUUID(), role: "user", content: CONTENT });
        // One by one, as a chat grows; the largest at once.
        if (size <= 1000 || n === size - 1) await this.run("append", size);
      }
    },
    run: (op, size) =>
      ({
        append: () => {
          const chat = held.get(size)!;
          chat.messages.push({ id: crypto.randomUUID(), role: "user", content: CONTENT });
          return sql`update documents.chats set chat = ${sql.json(chat)}, updated_at = now()
                     where id = ${chatId(size)}`;
        },
        last: async () => (await read(size)).slice(-50),
        all: () => read(size),
        list: () =>
          sql`select id, title, updated_at from documents.chats
                        order by updated_at desc limit 50`,
      })[op](),
  };
}

/** LangGraph's PostgresSaver, in its process. `run` gives the milliseconds that it took there. */
function langgraph(url: string): Store & AsyncDisposable {
  const folder = join(import.meta.dirname!, "alternatives");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", join(folder, "langgraph.ts"), url],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
  const ask = async (op: Op | "fill", size: number) => {
    await writer.write(new TextEncoder().encode(JSON.stringify({ op, size }) + "\n"));
    const { value, done } = await lines.read();
    if (done) throw new Error("LangGraph's process has ended");
    return Number(value);
  };
  return {
    fill: (size) => ask("fill", size),
    run: ask,
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}

const PREPARE = `
  insert into auth.users (id) values ('${USER}');
  create schema langgraph;
  create schema documents;
  create table documents.chats (
    id uuid primary key, title text, chat jsonb, updated_at timestamptz default now()
  );
  create index on documents.chats (updated_at desc);
  -- As many other chats as a user may have, for the lists.
  insert into public.chats (user_id, title) select '${USER}', 'Other' from generate_series(1, 1000);
  insert into documents.chats (id, title, chat)
    select gen_random_uuid(), 'Other', '{"messages": []}' from generate_series(1, 1000)`;

const TABLES = {
  ours: ["public.chat_messages", "private.search_entries"],
  langgraph: ["langgraph.checkpoints", "langgraph.checkpoint_blobs"],
  documents: ["documents.chats"],
};

async function bytesOf(sql: postgres.Sql, tables: string[]): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select sum(pg_total_relation_size(t::regclass))::float8 as bytes from unnest(${tables}::text[]) t`;
  return row!.bytes;
}

async function measure(
  stores: Record<keyof typeof TABLES, Store>,
  sql: postgres.Sql,
  { quick, add, note, plot }: Bench,
): Promise<void> {
  const names = { ours: "ours", langgraph: "LangGraph", documents: "one document" };
  const points = new Map<string, [number, number][]>();
  const draw = (op: Op, name: keyof typeof names, size: number, times: number[]) => {
    const key = `${op} ${name}`;
    points.set(key, [...points.get(key) ?? [], [size, median(times)]]);
  };
  for (const size of quick ? [100] : [100, 1000, 10_000]) {
    for (const name of ["ours", "langgraph", "documents"] as const) {
      const before = await bytesOf(sql, TABLES[name]);
      await stores[name].fill(size);
      await sql`vacuum analyze`;
      // The largest is not built message by message everywhere.
      if (size > 1000) continue;
      const bytes = await bytesOf(sql, TABLES[name]) - before;
      add(alone(`${size} messages on disk: ${name}`, [bytes / 1e6], { unit: "MB" }));
    }
    note(`${size} messages`);
    for (const [op, does] of Object.entries(OPS) as [Op, string][]) {
      const theirs: number[] = [];
      const rounds = quick ? 3 : size > 1000 ? 10 : 30;
      const { ours, documents } = await inTurn({
        ours: { run: () => stores.ours.run(op, size) },
        documents: { run: () => stores.documents.run(op, size) },
        langgraph: {
          run: async () => void theirs.push(await stores.langgraph.run(op, size) as number),
        },
      }, { rounds });
      const what = `${does}, ${size.toLocaleString("en")} messages`;
      add(compared(`${what}: to LangGraph`, ours.time, theirs.slice(-rounds)));
      add(compared(`${what}: to one document`, ours.time, documents.time));
      draw(op, "ours", size, ours.time);
      draw(op, "langgraph", size, theirs.slice(-rounds));
      draw(op, "documents", size, documents.time);
    }
  }
  for (const op of ["append", "last"] as const) {
    plot({
      name: `alternatives_${op}`,
      title: `Time to ${OPS[op]}, by the messages of the chat`,
      size: "messages",
      series: (Object.keys(names) as (keyof typeof names)[]).map((name) => ({
        name: names[name],
        points: points.get(`${op} ${name}`)!,
      })),
    });
  }
}

/** What a developer would pick instead. */
export const question = defineQuestion({
  title: "chats as our rows, beside LangGraph's PostgresSaver and one JSON document a chat",
  answer: (bench) =>
    withDatabase(({ url, adminUrl }) =>
      withSql(adminUrl, async (sql) => {
        await sql.unsafe(PREPARE);
        await withSql(url, async (user) => {
          await become(user, USER);
          await using saver = langgraph(adminUrl);
          // Once it answers, its tables are there.
          await saver.run("list", 0);
          await measure(
            { ours: rows(user), langgraph: saver, documents: documents(sql) },
            sql,
            bench,
          );
        });
      })
    ),
});
