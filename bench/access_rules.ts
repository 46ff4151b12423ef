/**
 * 1,000,000 messages in 10,000 chats of 1,000 users. Each statement runs as an ordinary user under
 * the rules, and, in turn, as a role that bypasses them. The plans have to use indexes only, and
 * auth.uid() has to be evaluated once a statement. The statements are prepared, as PostgREST prepares
 * its own.
 */
import type postgres from "postgres";
import { compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { become, withDatabase, withSql } from "./harness/places.ts";
import { defineQuestion } from "./harness/question.ts";

const GOAL = 1.1;
/** One user has enough chats for a hundred pages of fifty. */
const HEAVY_USER = "00000000-0000-4000-8000-000000000001";
const PAGE = 50;

const load = (messages: number) => `
  set session_replication_role = replica;
  insert into auth.users (id)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
    from generate_series(1, 1000) n;
  insert into public.chats (id, user_id, title, created_at)
    select ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
           ('00000000-0000-4000-8000-' || lpad(
             (case when n <= 5005 then 1 else 2 + n % 999 end)::text, 12, '0'))::uuid,
           'Chat ' || n, '2026-01-01'::timestamptz + n * interval '1 minute'
    from generate_series(1, 10000) n;
  insert into public.chat_messages (id, chat_id, user_id, seq, role, content)
    select ('d0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, c.id, c.user_id, n,
           case n % 2 when 0 then 'assistant' else 'user' end, repeat('word ', 40)
    from generate_series(1, ${messages}) n
    join public.chats c
      on c.id = ('c0000000-0000-4000-8000-' || lpad((1 + n % 10000)::text, 12, '0'))::uuid;
  insert into public.search_results (id, chat_id, user_id, message_id, seq, block_id, page_number,
                                     block_text, coords_norm)
    select gen_random_uuid(), m.chat_id, m.user_id, m.id, 1000000 + m.seq, 'b' || m.seq, 1,
           repeat('text ', 20), '[0, 0, 1, 1]'
    from public.chat_messages m where m.seq % 5 = 0;
  insert into public.chat_images (id, chat_id, user_id, message_id, seq, image_name, s3_path,
                                  content_type, file_size)
    select i.id, m.chat_id, m.user_id, m.id, 2000000 + m.seq, 'page.png',
           m.user_id || '/' || m.chat_id || '/images/' || i.id || '.png', 'image/png', 1000
    from public.chat_messages m, lateral (select gen_random_uuid() as id, m.seq) i
    where m.seq % 10 = 0;
  select setval('private.item_seq', 4000000);
  set session_replication_role = default;
  vacuum analyze public.chats, public.chat_messages, public.chat_images, public.search_results;`;

const CHAT = "c0000000-0000-4000-8000-000000000007";

/** A statement with one parameter, as PostgREST prepares it. */
interface Statement {
  text: string;
  /** The same for a role that bypasses the rules, which would have said whose rows are meant. */
  bypassing?: string;
  parameter: string | number;
}

/** Keyset of the chat list's 100th page. */
const BEFORE_100TH = `(created_at, id) < ('2026-01-01'::timestamptz + 56 * interval '1 minute',
                                          'c0000000-0000-4000-8000-000000000056')`;

const STATEMENTS: Record<string, Statement> = {
  "chat list, first page": {
    text: `select * from public.chats order by created_at desc, id desc limit $1`,
    bypassing: `select * from public.chats where user_id = '${HEAVY_USER}'
                order by created_at desc, id desc limit $1`,
    parameter: PAGE,
  },
  "chat list, 100th page": {
    text: `select * from public.chats where ${BEFORE_100TH}
           order by created_at desc, id desc limit $1`,
    bypassing: `select * from public.chats where user_id = '${HEAVY_USER}' and ${BEFORE_100TH}
                order by created_at desc, id desc limit $1`,
    parameter: PAGE,
  },
  "page of messages with images and hits": {
    text: `
      select m.*,
        (select json_agg(i.* order by i.seq) from public.chat_images i
          where i.message_id = m.id and i.chat_id = m.chat_id) as chat_images,
        (select json_agg(r.* order by r.seq) from public.search_results r
          where r.message_id = m.id and r.chat_id = m.chat_id) as search_results
      from public.chat_messages m
      where m.chat_id = $1 and m.seq > 400000
      order by m.seq limit ${PAGE}`,
    parameter: CHAT,
  },
  "one insert": {
    text: `insert into public.chat_messages (chat_id, role, content)
           values ('${CHAT}', 'user', $1)`,
    bypassing: `insert into public.chat_messages (chat_id, user_id, role, content)
                values ('${CHAT}', '${HEAVY_USER}', 'user', $1)`,
    parameter: "Hello",
  },
};

interface PlanNode {
  "Node Type": string;
  "Parent Relationship"?: string;
  "Subplan Name"?: string;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Names what a plan does that it should not. */
async function faultsOf(sql: postgres.Sql, { text, parameter }: Statement): Promise<string[]> {
  const [row] = await sql.unsafe(`explain (format json, verbose) ${text}`, [parameter]);
  const [{ Plan }] = row!["QUERY PLAN"] as [{ Plan: PlanNode }];
  const nodes = nodesOf(Plan);
  const scans = nodes.filter((node) => node["Node Type"] === "Seq Scan").length;
  const perRow = nodes.some((node) =>
    Object.entries(node).some(([key, value]) =>
      /Filter|Cond/.test(key) && String(value).includes("current_setting")
    )
  );
  return [
    ...(scans > 0 ? [`${scans} sequential scans`] : []),
    ...(perRow ? ["auth.uid() evaluated for each row"] : []),
  ];
}

/** A statement with its parameter: without one the driver would not prepare it. */
const way = (sql: postgres.Sql, text: string, parameter: string | number) => ({
  run: () => sql.unsafe(text, [parameter], { prepare: true }),
});

/** What row level security costs. */
export const question = defineQuestion({
  title: "what row level security costs on a large database",
  answer: ({ quick, add, fault, note }) =>
    withDatabase(async ({ url, adminUrl }) => {
      await withSql(adminUrl, async (admin) => {
        for (
          const statement of load(quick ? 100_000 : 1_000_000).split(";").map((text) => text.trim())
        ) {
          if (statement) await admin.unsafe(statement);
        }
      });
      note("loaded");
      await withSql(url, (user) =>
        withSql(url, async (bypass) => {
          await become(user, HEAVY_USER);
          await become(bypass, HEAVY_USER, "service_role");
          for (const [name, statement] of Object.entries(STATEMENTS)) {
            const { text, bypassing = text, parameter } = statement;
            for (const found of await faultsOf(user, statement)) fault(`${name}: ${found}`);
            const { ruled, free } = await inTurn(
              { ruled: way(user, text, parameter), free: way(bypass, bypassing, parameter) },
              { rounds: quick ? 50 : 1000 },
            );
            add(compared(name, ruled.time, free.time, { bound: GOAL }));
          }
        }));
    }),
});
