/**
 * 50 messages with 2 images and 5 search results each, in a chat of 2,000 such messages, by one call of
 * history_page and by one call of a function that is one statement, with no bounds and one direction
 * only. Both through the embedded API, as the same user.
 */
import type postgres from "postgres";
import type { StackStatus } from "../stack/status_file.ts";
import { compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { createChat, signUp, withSql, withStack } from "./harness/places.ts";
import { defineQuestion } from "./harness/question.ts";

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
function reader(status: StackStatus, token: string, of_chat: string) {
  return (name: string) => async (): Promise<string> => {
    const response = await fetch(`${status.API_URL}/rest/v1/rpc/${name}`, {
      method: "POST",
      headers: {
        apikey: status.PUBLISHABLE_KEY,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ of_chat }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
}

/** What a page of history costs. */
export const question = defineQuestion({
  title: "a page of history, beside the same JSON by the plainest SQL function",
  answer: ({ quick, add }) =>
    withStack(async (status) => {
      const user = await signUp(status);
      const chat_id = await createChat(user);
      await withSql(status.DB_URL, (sql) => fill(sql, chat_id, user.id));
      const read = reader(status, user.token, chat_id);
      const [page, bare] = [read("history_page"), read("bare_history")];
      if (await page() !== await bare()) throw new Error("the two answers differ");
      const { ours, reference } = await inTurn(
        { ours: { run: page }, reference: { run: bare } },
        { rounds: quick ? 20 : 400 },
      );
      const what = "50 messages, 100 images, 250 search results";
      add(compared(what, ours.time, reference.time, { bound: GOAL }));
    }, BARE),
});
