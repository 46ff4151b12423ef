/**
 * What a page of history costs, beside the same JSON by the plainest SQL function.
 *
 * 50 messages with 2 images and 5 search results each, in a chat of 2,000 such messages, by one call of
 * history_page and by one call of a function that is one statement, with no bounds and one direction
 * only. Both through the embedded API, as the same user, in turn; the ratio is of the medians.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { join } from "node:path";
import postgres from "postgres";
import type { Database } from "@shared/database.types.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { type Stack, startStack } from "../stack/stack.ts";

const ROUNDS = 400;
const GOAL = 1.2;
const MESSAGES = 2000;

const BARE = `
  create function public.bare_history(of_chat uuid)
  returns table (message json, images json, search_results json)
  language sql stable security invoker set search_path = ''
  as $$
    select row_to_json(m),
           (select coalesce(json_agg(i order by i.seq), '[]') from public.chat_images i
            where i.message_id = m.id),
           (select coalesce(json_agg(s order by s.seq), '[]') from public.search_results s
            where s.message_id = m.id)
    from (
      select * from public.chat_messages c where c.chat_id = of_chat order by c.seq limit 50
    ) m
    order by m.seq
  $$;
  revoke all on function public.bare_history(uuid) from public, anon;
  grant execute on function public.bare_history(uuid) to authenticated;`;

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function fill(sql: postgres.Sql, chat_id: string, user_id: string): Promise<void> {
  await sql`
    insert into chat_messages (chat_id, user_id, role, content)
    select ${chat_id}, ${user_id}, 'assistant', repeat('An answer. ', 40)
    from generate_series(1, ${MESSAGES}::int)`;
  await sql`analyze chats, chat_messages`;
  await sql`
    insert into chat_images
      (id, chat_id, user_id, message_id, image_name, s3_path, content_type, file_size, page_number,
       coords_norm, description)
    select id, chat_id, user_id, message_id, 'Seite.png',
           user_id || '/' || chat_id || '/images/' || id || '.png', 'image/png', 1000, 1,
           '[0.1, 0.1, 0.9, 0.5]', 'A part of the page'
    from (select gen_random_uuid() as id, m.id as message_id, m.chat_id, m.user_id
          from chat_messages m, generate_series(1, 2) where m.chat_id = ${chat_id}) made`;
  await sql`
    insert into search_results
      (chat_id, user_id, message_id, block_id, page_number, block_text, score, coords_norm)
    select m.chat_id, m.user_id, m.id, 'block-' || n, n, repeat('Text of a block. ', 20), 0.5,
           '[[0.1, 0.1, 0.9, 0.2], [0.1, 0.2, 0.9, 0.3]]'
    from chat_messages m, generate_series(1, 5) n where m.chat_id = ${chat_id}`;
  await sql`vacuum analyze chat_messages, chat_images, search_results`;
}

/** Reads a page in one request. @returns its JSON, as sent */
type Read = () => Promise<string>;

async function compare(page: Read, bare: Read): Promise<number> {
  const [ours, theirs] = [await page(), await bare()];
  if (ours !== theirs) throw new Error("the two answers differ");
  console.log(`one answer: ${(ours.length / 1000).toFixed(0)} kB\n`);
  const times: { page: number[]; bare: number[] } = { page: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 ? ["page", "bare"] as const : ["bare", "page"] as const) {
      const started = performance.now();
      await { page, bare }[name]();
      times[name].push(performance.now() - started);
    }
  }
  // The first tenth warms up code and plans.
  const [one, other] = [times.page, times.bare].map((list) => median(list.slice(ROUNDS / 10)));
  const ratio = one! / other!;
  console.log(
    "| 50 messages, 100 images, 250 search results | time | ratio |\n| --- | --- | --- |",
  );
  console.log(`| history_page | ${one!.toFixed(1)} ms | ${ratio.toFixed(2)} |`);
  console.log(`| one hand-written statement | ${other!.toFixed(1)} ms | 1 |`);
  return ratio;
}

async function run({ status }: Stack): Promise<number> {
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  const db: SupabaseClient<Database> = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await db.auth.signUp({
    email: "bench@example.com",
    password: "bench-password",
  });
  if (error) throw error;
  const { data: chat, error: refused } = await db.from("chats").insert({ title: "History" })
    .select("id").single();
  if (refused) throw refused;
  await fill(sql, chat.id, data.user!.id);
  await sql.end();
  const read = (name: string): Read => async () => {
    const response = await fetch(`${status.API_URL}/rest/v1/rpc/${name}`, {
      method: "POST",
      headers: {
        apikey: status.PUBLISHABLE_KEY,
        authorization: `Bearer ${data.session!.access_token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ of_chat: chat.id }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  return await compare(read("history_page"), read("bare_history"));
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  const start = () =>
    startStack({
      port: 0,
      dbPort: 0,
      dataDir: join(folder, "stack"),
      ephemeral: false,
      externalS3: false,
      externalDb: false,
      worker: false,
      env: { LOG_LEVEL: "error" },
      print: () => {},
    });
  try {
    // The embedded API reads the schema when it starts.
    const first = await start();
    const sql = postgres(first.status.DB_URL, { max: 1, onnotice: () => {} });
    await sql.unsafe(BARE);
    await sql.end();
    await first.stop();
    const stack = await start();
    try {
      if (await run(stack) > GOAL) {
        throw new Failure("a page of history misses the goal", `Ratio at most ${GOAL}.`);
      }
    } finally {
      await stack.stop();
    }
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
