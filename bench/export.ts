/**
 * 100,000 messages (50 MB) as Markdown and as JSON, beside reading the same pages only; a chat of 1,000 images
 * of 1 MB as zip; a list of 10,000 signed links. Each runs in a process of its own, as a function does: after
 * a small export that loads the code, its CPU (user and system) and the growth of its resident memory are
 * taken. Database, API and bucket are other processes; the bucket is a stand-in that answers with bytes at
 * once, so that only our own work is measured. Needs Linux.
 */
import process from "node:process";
import type postgres from "postgres";
import { ExportChatRequest } from "@shared/contracts/export-chat.ts";
import { Failure } from "../stack/failure.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { readMessages } from "../supabase/functions/export-chat/chat_reader.ts";
import { exportChat } from "../supabase/functions/export-chat/handler.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { alone, compared } from "./harness/figures.ts";
import { memoryOf } from "./harness/memory.ts";
import { clientOf, signUp, withSql, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const MESSAGES = 100_000;
const IMAGES = 1000;
const IMAGE_BYTES = 1_000_000;
const LINKS = 10_000;
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
  /** Bytes by which the resident memory grew at most. */
  growth: number;
}

const QUERY: Record<Exclude<Task["what"], "pages">, [keyof Chats, object]> = {
  markdown: ["text", { format: "markdown" }],
  json: ["text", { format: "json" }],
  zip: ["images", { format: "zip" }],
  links: ["links", { format: "markdown" }],
};

async function measure(work: () => Promise<unknown>): Promise<Cost> {
  // Forgets the highest resident size so far (proc(5), clear_refs).
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  const before = memoryOf("self", "VmRSS");
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const time = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1e6, time, growth: memoryOf("self", "VmHWM") - before };
}

/** The measuring process. */
async function runTask({ what, status, token, chats }: Task): Promise<Cost> {
  const headers = { authorization: `Bearer ${token}` };
  const db = clientOf(status, status.PUBLISHABLE_KEY, { headers });
  const store = openBucket(bucketOf(status));
  const settings = { downloadExpiration: 3600 };
  const run = async (chat_id: string, query: object) => {
    const request = ExportChatRequest.parse({ chat_id, ...query });
    const { chunks } = await exportChat(request, { db, store, settings, now: Date.now });
    for await (const _ of chunks) { /* read */ }
  };
  const pages = async (chat_id: string) => {
    for await (const _ of readMessages(db, chat_id)) { /* read */ }
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
    args: ["run", "-A", "--no-check", import.meta.filename!],
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

async function fill(sql: postgres.Sql, user_id: string, quick: boolean): Promise<Chats> {
  const part = quick ? 20 : 1;
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
  // 11 GB of files are more than the quota that users have.
  await sql`insert into quotas (user_id, max_file_bytes) values (${user_id}, ${2e10})`;
  await messages(chats.small, 100);
  await images(chats.small, 3);
  await messages(chats.text, MESSAGES / part);
  await images(chats.images, IMAGES / part);
  await images(chats.links, LINKS / part);
  await sql`vacuum analyze chat_messages, chat_images`;
  return chats;
}

/** What each export is called, and what it may cost: seconds of CPU, and MiB of memory. */
const LIMITS: Record<Task["what"], { what: string; cpu?: number; growth?: number }> = {
  pages: { what: "reading the pages of 100,000 messages" },
  markdown: { what: "the same as Markdown", cpu: 1, growth: 64 },
  json: { what: "the same as JSON", cpu: 2 },
  zip: { what: "1,000 images of 1 MB as zip", cpu: 2, growth: 128 },
  links: { what: "10,000 images as signed links", cpu: 2 },
};

async function measureAll(
  run: (what: Task["what"]) => Promise<Cost>,
  { quick, add, note }: Bench,
): Promise<void> {
  const all = Object.keys(LIMITS) as Task["what"][];
  const costs = Object.fromEntries(all.map((what) => [what, [] as Cost[]])) as Record<
    Task["what"],
    Cost[]
  >;
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const what of all) costs[what].push(await run(what));
    note(`round ${round + 1}`);
  }
  const series = (what: Task["what"], key: keyof Cost) => costs[what].map((cost) => cost[key]);
  const bounded = (bound: number | undefined) => bound === undefined ? {} : { bound };
  for (const what of all) {
    const { what: name, cpu, growth } = LIMITS[what];
    const times = series(what, "time");
    if (what === "markdown") {
      add(
        compared(`${name}, to reading`, times, series("pages", "time"), { unit: "s", bound: 1.2 }),
      );
    } else add(alone(name, times, { unit: "s" }));
    add(alone(`${name}, CPU`, series(what, "cpu"), { unit: "s", ...bounded(cpu) }));
    const memory = series(what, "growth").map((bytes) => bytes / MIB);
    add(alone(`${name}, memory growth`, memory, { unit: "MiB", ...bounded(growth) }));
  }
}

/** What an export costs. */
export const question = defineQuestion({
  title: "what an export costs: time beside reading the same pages, CPU and memory",
  async answer(bench) {
    const bucket = startBucket();
    try {
      const reader = bucket.stdout.getReader();
      const port = Number(new TextDecoder().decode((await reader.read()).value));
      await withStackProcess(async (running) => {
        const { id, token } = await signUp(running);
        const chats = await withSql(running.DB_URL, (sql) => fill(sql, id, bench.quick));
        const status = { ...running, STORAGE_S3_URL: `http://127.0.0.1:${port}` };
        await measureAll((what) => inProcess({ what, status, token, chats }), bench);
      });
    } finally {
      bucket.kill("SIGTERM");
      await bucket.status;
    }
  },
});

// The measuring process.
if (import.meta.main) {
  const task = JSON.parse(await new Response(Deno.stdin.readable).text());
  console.log(JSON.stringify(await runTask(task)));
}
