/**
 * What an export costs: CPU, memory, and time beside reading the same pages only.
 *
 * 100,000 messages (50 MB) as Markdown and as JSON; a chat of 1,000 images of 1 MB as zip; a list of
 * 10,000 signed links. Each runs in a process of its own, as a function does: after a small export that
 * loads the code, its CPU (user and system) and the growth of its resident memory are taken. Database,
 * API and bucket are other processes; the bucket is a stand-in that answers with bytes at once, so that
 * only our own work is measured. Exit code 1 while a goal is missed.
 */
import process from "node:process";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { ExportChatRequest } from "@shared/contracts/export-chat.ts";
import type { Database } from "@shared/database.types.ts";
import { Failure, reportFailure } from "../stack/failure.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { startStack } from "../stack/stack.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { readMessages } from "../supabase/functions/export-chat/chat_reader.ts";
import { exportChat } from "../supabase/functions/export-chat/handler.ts";

const MESSAGES = 100_000;
const IMAGES = 1000;
const IMAGE_BYTES = 1_000_000;
const LINKS = 10_000;
const ROUNDS = 3;
const MIB = 1024 * 1024;

/** Chats that are made for the benchmark. */
interface Chats {
  small: string;
  text: string;
  images: string;
  links: string;
}

/** What a measuring process is told. */
interface Task {
  what: "pages" | "markdown" | "json" | "zip" | "links";
  status: StackStatus;
  token: string;
  chats: Chats;
}

/** What it measured. */
interface Cost {
  /** Seconds of CPU, and of the clock. */
  cpu: number;
  time: number;
  /** Bytes of output, and by which the resident memory grew at most. */
  bytes: number;
  growth: number;
}

const QUERY: Record<Exclude<Task["what"], "pages">, [keyof Chats, object]> = {
  markdown: ["text", { format: "markdown" }],
  json: ["text", { format: "json" }],
  zip: ["images", { format: "zip" }],
  links: ["links", { format: "markdown" }],
};

/** A line of /proc/self/status, in bytes. */
function memory(name: "VmRSS" | "VmHWM"): number {
  const text = Deno.readTextFileSync("/proc/self/status");
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)![1]) * 1024;
}

async function measure(work: () => Promise<number>): Promise<Cost> {
  // Forgets the highest resident size so far (proc(5), clear_refs).
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  const before = memory("VmRSS");
  const cpu = process.cpuUsage();
  const started = performance.now();
  const bytes = await work();
  const time = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1e6, time, bytes, growth: memory("VmHWM") - before };
}

/** The measuring process. */
async function runTask({ what, status, token, chats }: Task): Promise<Cost> {
  const db = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers: { authorization: `Bearer ${token}` } },
  });
  const store = openBucket(bucketOf(status));
  const settings = { downloadExpiration: 3600 };
  const run = async (chat_id: string, query: object) => {
    const request = ExportChatRequest.parse({ chat_id, ...query });
    const { chunks } = await exportChat(request, { db, store, settings, now: Date.now });
    let bytes = 0;
    for await (const chunk of chunks) bytes += chunk.length;
    return bytes;
  };
  const pages = async (chat_id: string) => {
    let bytes = 0;
    for await (const page of readMessages(db, chat_id)) {
      for (const { content } of page) bytes += content.length;
    }
    return bytes;
  };
  if (what === "pages") {
    await pages(chats.small);
    return await measure(() => pages(chats.text));
  }
  const [chat, query] = QUERY[what];
  await run(chats.small, query);
  return await measure(() => run(chats[chat], query));
}

async function inProcess(task: Task): Promise<Cost> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.filename!, "--task"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(task)));
  await writer.close();
  const { code, stdout } = await child.output();
  if (code !== 0) throw new Failure(`${task.what} failed`, "See above.");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A bucket that answers each GET with an image of one megabyte, in a process of its own. */
function startBucket() {
  const script = `
    const bytes = crypto.getRandomValues(new Uint8Array(65536));
    const image = new Uint8Array(${IMAGE_BYTES}).map((_, n) => bytes[n % 65536]);
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
      () => new Response(image, { headers: { "content-type": "image/png", etag: '"1"' } }));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return child;
}

async function fill(sql: postgres.Sql, user_id: string): Promise<Chats> {
  const chats = {} as Chats;
  for (const name of ["small", "text", "images", "links"] as const) {
    const [row] =
      await sql`insert into chats (user_id, title) values (${user_id}, ${name}) returning id`;
    chats[name] = row!["id"];
  }
  const messages = (chat: string, count: number) =>
    sql`
      insert into chat_messages (chat_id, user_id, role, content)
      select ${chat}, ${user_id}, case n % 2 when 0 then 'assistant' else 'user' end,
             'Page ' || n || E' says **so**, see [1] and \`code < x\`:\\n\\n- one <b>item</b>\\n- two\\n\\n'
             || repeat('Words of an ordinary length. ', 14) || repeat('x', n % 60)
      from generate_series(1, ${count}::int) n`;
  const images = (chat: string, count: number) =>
    sql`
      insert into chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
      select i, ${chat}, ${user_id}, 'page ' || n || '.png',
             ${`${user_id}/${chat}/images/`} || i || '.png', 'image/png', ${IMAGE_BYTES}
      from (select gen_random_uuid() as i, n from generate_series(1, ${count}::int) n) as t`;
  await messages(chats.small, 100);
  await images(chats.small, 3);
  await messages(chats.text, MESSAGES);
  await images(chats.images, IMAGES);
  await images(chats.links, LINKS);
  await sql`vacuum analyze chat_messages, chat_images`;
  return chats;
}

async function signUp(status: StackStatus) {
  const client: SupabaseClient<Database> = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const credentials = { email: "bench@example.com", password: "bench-password" };
  const { data, error } = await client.auth.signUp(credentials);
  if (error) throw error;
  return { id: data.user!.id, token: data.session!.access_token };
}

async function main(): Promise<number> {
  if (Deno.args[0] === "--task") {
    const task = JSON.parse(await new Response(Deno.stdin.readable).text());
    console.log(JSON.stringify(await runTask(task)));
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  const bucket = startBucket();
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir: folder,
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    env: {},
    worker: false,
    print: () => {},
  });
  try {
    const reader = bucket.stdout.getReader();
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    const sql = postgres(stack.status.DB_URL, { max: 1, onnotice: () => {} });
    const { id, token } = await signUp(stack.status);
    const chats = await fill(sql, id);
    await sql.end();
    const status = { ...stack.status, STORAGE_S3_URL: `http://127.0.0.1:${port}` };
    return await report((what) => inProcess({ what, status, token, chats }));
  } finally {
    bucket.kill("SIGTERM");
    await stack.stop();
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

async function report(run: (what: Task["what"]) => Promise<Cost>): Promise<number> {
  console.log("| export | output | CPU | time | memory growth |");
  console.log("| --- | --- | --- | --- | --- |");
  const missed: string[] = [];
  const goal = (met: boolean, text: string) => void (met || missed.push(text));
  const costs = {} as Record<Task["what"], Cost>;
  const all = ["pages", "markdown", "json", "zip", "links"] as const;
  for (let round = 0; round < ROUNDS; round++) {
    for (const what of all) {
      const cost = await run(what);
      const best = costs[what];
      // The fastest of all rounds: other work on the machine only makes it slower. Of memory the most.
      costs[what] = best
        ? {
          ...cost,
          cpu: Math.min(best.cpu, cost.cpu),
          time: Math.min(best.time, cost.time),
          growth: Math.max(best.growth, cost.growth),
        }
        : cost;
    }
  }
  for (const what of all) {
    const cost = costs[what];
    console.log(
      `| ${what} | ${(cost.bytes / 1e6).toFixed(1)} MB | ${cost.cpu.toFixed(2)} s | ` +
        `${cost.time.toFixed(2)} s | ${(cost.growth / MIB).toFixed(0)} MiB |`,
    );
  }
  const ratio = costs.markdown.time / costs.pages.time;
  console.log(`\nMarkdown takes ${ratio.toFixed(2)} times the time of reading its pages only.`);
  goal(ratio <= 1.3, "time of Markdown");
  goal(costs.markdown.cpu <= 2, "CPU of Markdown");
  goal(costs.markdown.growth <= 64 * MIB, "memory of Markdown");
  goal(costs.zip.cpu <= 2, "CPU of a zip");
  goal(costs.zip.growth <= 128 * MIB, "memory of a zip");
  goal(costs.links.cpu <= 2, "CPU of links");
  if (missed.length === 0) return 0;
  throw new Failure(`goals are missed: ${missed.join(", ")}`, "See the table.");
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
