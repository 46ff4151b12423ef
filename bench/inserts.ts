/**
 * Inserts of messages of 412 characters with the triggers of usage, or of search, and in turn with these
 * switched off: over the API as a client sends them, and for search also as a prepared statement alone.
 */
import type postgres from "postgres";
import type { StackStatus } from "../stack/status_file.ts";
import { compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { become, createChat, signUp, withSql, withStack } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { textsOf } from "./harness/texts.ts";

const USAGE = ["insert", "update", "delete"].map((event) => `chat_messages_usage_${event}`);
const SEARCH = ["chat_messages_keep_search_entry_on_insert"];

/** What is switched off, how many messages, and the most that the ratio may be. */
const CASES: [what: string, triggers: string[], count: number, bound?: number][] = [
  ["usage, 1 message", USAGE, 1, 1.15],
  ["usage, 100 messages", USAGE, 100, 1.15],
  ["search, 1 message", SEARCH, 1, 1.5],
  ["search, 100 messages", SEARCH, 100],
];

/** An insert of so many messages. */
type Insert = (contents: string[]) => Promise<unknown>;

async function compare(
  insert: Insert,
  [where, [what, triggers, count, bound]]: [string, typeof CASES[number]],
  texts: string[],
  sql: postgres.Sql,
  { quick, add }: Bench,
): Promise<void> {
  let next = 0;
  const way = (state: "enable" | "disable") => ({
    async before() {
      for (const trigger of triggers) {
        await sql.unsafe(`alter table public.chat_messages ${state} trigger ${trigger}`);
      }
    },
    run: () => insert(Array.from({ length: count }, () => texts[next++ % texts.length]!)),
  });
  // Two warm up: plans are made again after the change.
  const { on, off } = await inTurn(
    { on: way("enable"), off: way("disable") },
    { rounds: quick ? 4 : 20, perTurn: count === 1 ? 12 : 4, warmUp: 2 },
  );
  await way("enable").before();
  add(compared(`${what}, ${where}`, on.time, off.time, bound === undefined ? {} : { bound }));
}

async function measure(status: StackStatus, bench: Bench): Promise<void> {
  const user = await signUp(status);
  const chat_id = await createChat(user);
  await withSql(status.DB_URL, async (sql) => {
    await sql.unsafe(textsOf(60));
    const rows = await sql<{ value: string }[]>`select value from bench.texts where n > 0`;
    const texts = rows.map(({ value }) => value);
    // A table that is not empty, and an index that has met the words.
    await sql`
      insert into public.chat_messages (chat_id, user_id, role, content)
      select ${chat_id}, ${user.id}, 'user', value from bench.texts`;
    await sql`vacuum analyze public.chat_messages, private.search_entries`;
    for (const one of CASES) {
      const overApi: Insert = async (contents) => {
        const { error } = await user.db.from("chat_messages")
          .insert(contents.map((content) => ({ chat_id, role: "user", content })));
        if (error) throw error;
      };
      await compare(overApi, ["over the API", one], texts, sql, bench);
    }
    await withSql(status.DB_URL, async (mine) => {
      await become(mine, user.id);
      for (const one of CASES.slice(2)) {
        const statement: Insert = (contents) =>
          mine`
            insert into public.chat_messages (chat_id, role, content)
            select ${chat_id}, 'user', v from unnest(${contents}::text[]) v`;
        await compare(statement, ["the statement alone", one], texts, sql, bench);
      }
    });
  });
}

/** What an insert costs more than it would. */
export const question = defineQuestion({
  title: "what counting usage and the index of search add to an insert",
  answer: (bench) => withStack((status) => measure(status, bench)),
});
