/**
 * Users of an application, for some minutes each: first undisturbed, each with one request after the other,
 * which is the most that is answered; then with 70 % of that, at times that no answer changes; then with a
 * bucket of whose requests 5 % are cut and 5 % wait for a second, and with the database killed in the
 * middle. Afterwards the worker runs, and what was acknowledged is counted: each message with its content, each
 * row of a file with its bytes, each deleted chat without any. Database and bucket are one stack, functions,
 * API and the relay to the bucket another. LOAD_USERS and LOAD_SECONDS (of each of the three) say how many, 200 and
 * 600 without them.
 */
import type { StackStatus } from "../stack/status_file.ts";
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { Relay } from "../tests/support/relay.ts";
import { databaseProcess, startStackProcess } from "../tests/support/stack_process.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { alone } from "./harness/figures.ts";
import { type BenchUser, signUp, withSql, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { median, quantile } from "./harness/statistics.ts";
import { Ledger } from "./load/ledger.ts";
import { settle } from "./load/settle.ts";
import { INTENDED, OPS, type Outcome, work } from "./load/virtual_user.ts";

const MIB = 1024 * 1024;

/** Resident bytes of a process and of all that it has started. */
async function memoryOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  const below = await Promise.all(
    children.trim().split(" ").filter(Boolean).map(Number).map(memoryOf),
  );
  return below.reduce((sum, bytes) => sum + bytes, own);
}

/** Change a minute of a series of samples that are `seconds` apart: the line of least squares. */
function slope(samples: number[], seconds: number): number {
  const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const times = samples.map((_, n) => n * seconds / 60);
  const [time, value] = [mean(times), mean(samples)];
  const over = times.reduce((sum, t, n) => sum + (t - time) * (samples[n]! - value), 0);
  return over / times.reduce((sum, t) => sum + (t - time) ** 2, 0);
}

interface Place {
  front: StackStatus;
  back: StackStatus;
  relay: Relay;
  /** Process of the front. */
  pid: number;
}

interface Load {
  users: number;
  seconds: number;
  /** Whether parts fail. */
  faulty?: boolean;
  /** Requests a second of all users, where they do not wait for answers. */
  rate?: number;
}

/** @returns requests a second that were answered */
async function phase(
  name: string,
  { front, back, relay, pid }: Place,
  { users, seconds, faulty = false, rate = Infinity }: Load,
  { add, fault, note }: Bench,
): Promise<number> {
  const ledger = new Ledger();
  const outcomes: Outcome[] = [];
  const memory: number[] = [];
  const connections: number[] = [];
  const accounts: BenchUser[] = [];
  for (let n = 0; n < users; n++) accounts.push(await signUp(front));
  const every = Math.max(1, seconds / 60);
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const sample = async () => {
    memory.push(await memoryOf(pid));
    if (faulty) return;
    await withSql(back.DB_URL, async (sql) => {
      const [row] = await sql<{ count: number }[]>`select count(*)::int from pg_stat_activity`;
      connections.push(row!.count);
    });
  };
  const sampler = setInterval(() => void sample().catch(() => {}), every * 1000);
  const trouble = faulty
    ? setTimeout(async () => Deno.kill(await databaseProcess(back), "SIGKILL"), seconds * 500)
    : undefined;
  relay.faults = faulty ? { cut: 0.05, slow: 0.05, delay: 1000 } : { cut: 0, slow: 0, delay: 0 };
  await Promise.all(
    accounts.map((user) =>
      work(
        user,
        ledger,
        () => performance.now() < until,
        (outcome) => void outcomes.push(outcome),
        rate / users,
      )
    ),
  );
  clearInterval(sampler);
  clearTimeout(trouble);
  relay.faults = { cut: 0, slow: 0, delay: 0 };

  const what = (text: string) => `${name}: ${text}`;
  const answered = outcomes.length / ((performance.now() - begun) / 1000);
  add(alone(what("requests a second"), [answered], { unit: "" }));
  for (const op of OPS) {
    const times = outcomes.filter((one) => one.op === op && !one.error).map(({ time }) => time);
    if (times.length === 0) continue;
    add(alone(what(op), times));
    const last = quantile(times, 0.99);
    add(alone(what(`${op}, 99th of a hundred`), [last]));
    if (rate < Infinity) {
      const ratio = last / median(times);
      add(alone(what(`${op}, the 99th to the median`), [ratio], { unit: "", bound: 5 }));
    }
  }
  const errors = Map.groupBy(outcomes.filter(({ error }) => error), ({ error }) => error!);
  for (const [code, list] of errors) {
    if (faulty && INTENDED.has(code)) {
      add(alone(what(`answers ${code}`), [list.length], { unit: "" }));
    } else fault(what(`${list.length} times ${code} of ${outcomes.length}`));
  }
  add(
    alone(what("memory of API and functions, a minute"), [slope(memory, every) / MIB], {
      unit: "MiB",
    }),
  );
  if (!faulty) {
    add(alone(what("connections to the database"), connections, { unit: "" }));
  }
  note(`${name}: ${outcomes.length} requests; ${JSON.stringify(ledger.size)}`);

  const missing = await withSql(back.DB_URL, async (sql) => {
    await settle(front, sql, accounts.map(({ id }) => id));
    return await ledger.missing(sql, openBucket(bucketOf(back)));
  });
  const { messages, images, deleted } = ledger.size;
  const counts: [string, number, number][] = [
    [`messages missing or other, of ${messages}`, missing.messages, messages],
    [`rows of images missing, of ${images}`, missing.images, images],
    ["rows of images without bytes", missing.objects, images],
    [`rows and objects left of ${deleted} deleted chats`, missing.left, deleted],
  ];
  for (const [text, count] of counts) {
    add(alone(what(text), [count], { unit: "", bound: 0 }));
  }
  return answered;
}

/** How the system behaves under load, and with parts of it failing. */
export const question = defineQuestion({
  title: "many users at once: times, memory, and that nothing acknowledged is lost when parts fail",
  answer: (bench) =>
    withStackProcess(async (back) => {
      await using relay = new Relay(Number(new URL(back.API_URL).port));
      const bucket = new URL(back.STORAGE_S3_URL);
      bucket.port = String(relay.port);
      await using stack = await startStackProcess({
        args: ["--external-db", "--external-s3"],
        env: {
          LOG_LEVEL: "error",
          RATE_LIMIT_PER_MINUTE: "100000",
          DATABASE_URL: back.DB_URL,
          S3_ENDPOINT: bucket.href,
          S3_ACCESS_KEY: back.S3_PROTOCOL_ACCESS_KEY_ID,
          S3_SECRET_KEY: back.S3_PROTOCOL_ACCESS_KEY_SECRET,
          S3_REGION: back.S3_PROTOCOL_REGION,
          S3_BUCKET: back.S3_BUCKET,
          S3_FORCE_PATH_STYLE: "true",
        },
      });
      const place = { front: stack.status, back, relay, pid: stack.child.pid };
      const size = bench.quick ? { users: 10, seconds: 15 } : {
        users: Number(Deno.env.get("LOAD_USERS") ?? 200),
        seconds: Number(Deno.env.get("LOAD_SECONDS") ?? 600),
      };
      for (const [what, count] of Object.entries(size)) {
        bench.add(alone(what, [count], { unit: "" }));
      }
      const most = await phase("undisturbed", place, size, bench);
      await phase("at 70 % of that rate", place, { ...size, rate: 0.7 * most }, bench);
      await phase("with faults", place, { ...size, faulty: true }, bench);
    }),
});
