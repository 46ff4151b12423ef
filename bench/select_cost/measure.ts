/**
 * What one select of a user's own can cost: aliases and nested embeds repeat the same rows.
 *
 * A chat of 2 MB: 32 messages of 64 kB; and one of 100 kB: 32 of 3 kB. Through the embedded API, each
 * select by itself: what was answered, how long it took, and by how much the largest process of
 * PostgreSQL grew meanwhile, over what it was after it had read all rows once. Linux only.
 */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { Failure, reportFailure } from "../../stack/failure.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { withOwnStack } from "../../tools/own_stack.ts";
import { memoryOf } from "../harness/memory.ts";

const MESSAGES = 32;
const all = "chat_messages!chat_messages_chat_fkey(*)";
const nested = (inner: string) =>
  `chat_messages!chat_messages_chat_fkey(*,chats!chat_messages_chat_fkey(${inner}))`;
const SELECTS: [what: string, select: string][] = [
  ["plain", all],
  ["20 aliases", Array.from({ length: 20 }, (_, n) => `a${n}:${all}`).join(",")],
  ["200 aliases", Array.from({ length: 200 }, (_, n) => `a${n}:${all}`).join(",")],
  ["nested once", nested(all)],
  ["nested twice", nested(nested(all))],
];

/** Processes of PostgreSQL that serve a connection. */
async function backends(sql: postgres.Sql): Promise<number[]> {
  const rows = await sql`select pid from pg_stat_activity where backend_type = 'client backend'`;
  return rows.map(({ pid }) => pid as number);
}

async function signUp({ API_URL, PUBLISHABLE_KEY }: StackStatus) {
  const client = createClient(API_URL, PUBLISHABLE_KEY, { auth: { persistSession: false } });
  const email = `${crypto.randomUUID()}@example.com`;
  const { data } = await client.auth.signUp({ email, password: crypto.randomUUID() });
  return { id: data.user!.id, token: data.session!.access_token };
}

async function measure(status: StackStatus): Promise<void> {
  await using sql = Object.assign(postgres(status.DB_URL, { max: 1, onnotice: () => {} }), {
    [Symbol.asyncDispose]: () => sql.end(),
  });
  const user = await signUp(status);
  for (const size of [64_000, 3_000]) {
    const [chat] = await sql`
      insert into chats (user_id, title) values (${user.id}, 'A chat') returning id`;
    await sql`
      insert into chat_messages (chat_id, user_id, role, content)
      select ${chat!["id"]}, ${user.id}, 'user', repeat(md5(n::text), ${size} / 32)
      from generate_series(1, ${MESSAGES}::int) n`;
    console.log(`\n${MESSAGES} messages of ${size} bytes\n`);
    for (const [what, select] of [SELECTS[0]!, ...SELECTS]) {
      const before = new Map<number, number>();
      for (const pid of await backends(sql)) {
        await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
        before.set(pid, memoryOf(pid, "VmRSS"));
      }
      const started = performance.now();
      const response = await fetch(
        `${status.API_URL}/rest/v1/chats?id=eq.${chat!["id"]}&select=${select}`,
        { headers: { apikey: status.PUBLISHABLE_KEY, authorization: `Bearer ${user.token}` } },
      );
      let bytes = 0;
      let start = "";
      for await (const piece of response.body!) {
        if (start === "") start = new TextDecoder().decode(piece.subarray(0, 200));
        bytes += piece.length;
      }
      const ms = performance.now() - started;
      const grown = (await backends(sql)).map((pid) =>
        memoryOf(pid, "VmHWM") - (before.get(pid) ?? 0)
      );
      console.log(
        [
          what.padEnd(14),
          `${response.status}`,
          `${(bytes / 1e6).toFixed(1)} MB`.padStart(10),
          `${ms.toFixed(0)} ms`.padStart(9),
          `+${(Math.max(...grown) / 1e6).toFixed(0)} MB`.padStart(9),
          response.ok ? "" : start,
        ].join("  "),
      );
    }
  }
}

try {
  if (Deno.build.os !== "linux") throw new Failure("only Linux tells what a process took", "");
  await withOwnStack(measure);
} catch (error) {
  Deno.exit(reportFailure(error));
}
