/**
 * What counting usage adds to an insert of one message, and to a batch of 100.
 *
 * Over the API as a client sends them, on one database: with the triggers of usage and, in turn, with
 * those of chat_messages switched off. The ratio is of the medians. The message has 500 characters.
 */
import { createClient } from "@supabase/supabase-js";
import { join } from "node:path";
import postgres from "postgres";
import type { Database } from "@shared/database.types.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { startStack } from "../stack/stack.ts";
import type { StackStatus } from "../stack/status_file.ts";

/** Of each kind; triggers are switched between blocks, because that locks the table. */
const BLOCKS = 40;
const GOAL = 1.15;
const TRIGGERS = ["insert", "update", "delete"].map((event) => `chat_messages_usage_${event}`);

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Inserts in blocks with and without the triggers. @returns medians in milliseconds */
async function compare(
  insert: () => Promise<unknown>,
  sql: postgres.Sql,
  perBlock: number,
): Promise<{ counted: number; bare: number }> {
  const times = { counted: [] as number[], bare: [] as number[] };
  for (let block = 0; block < 2 * BLOCKS; block++) {
    const kind = block % 2 === 0 ? "counted" : "bare";
    for (const trigger of TRIGGERS) {
      const state = kind === "counted" ? "enable" : "disable";
      await sql.unsafe(`alter table public.chat_messages ${state} trigger ${trigger}`);
    }
    // Two warm up: plans are made again after the change.
    for (let n = -2; n < perBlock; n++) {
      const time = await elapsed(insert);
      if (n >= 0 && block > 1) times[kind].push(time);
    }
  }
  return { counted: median(times.counted), bare: median(times.bare) };
}

async function run(status: StackStatus): Promise<number> {
  const db = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await db.auth.signUp({
    email: "bench@example.com",
    password: "bench-password",
  });
  if (error) throw error;
  const { data } = await db.from("chats").insert({ title: "Bench" }).select("id").single();
  const message = { chat_id: data!.id, role: "user", content: "x".repeat(500) };
  const insert = (rows: typeof message[]) => async () => {
    const { error } = await db.from("chat_messages").insert(rows);
    if (error) throw error;
  };
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  console.log("| insert | counted | not counted | ratio |\n| --- | --- | --- | --- |");
  let missed = 0;
  for (
    const [name, size, perBlock] of [["one message", 1, 12], ["100 messages", 100, 4]] as const
  ) {
    const { counted, bare } = await compare(insert(Array(size).fill(message)), sql, perBlock);
    const ratio = counted / bare;
    console.log(
      `| ${name} | ${counted.toFixed(2)} ms | ${bare.toFixed(2)} ms | ${ratio.toFixed(2)} |`,
    );
    if (ratio > GOAL) missed++;
  }
  await sql.end();
  return missed;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir: join(folder, "stack"),
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    worker: false,
    env: { LOG_LEVEL: "error" },
    print: () => {},
  });
  try {
    if (await run(stack.status) > 0) {
      throw new Failure("counting costs more than the goal", `Ratio at most ${GOAL}.`);
    }
    return 0;
  } finally {
    await stack.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
