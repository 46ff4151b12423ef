/**
 * Users of an application, for some minutes each: first undisturbed, each with one request after the other,
 * which is the most that is answered; then at rates that rise until it bends, and with 70 % of that one, at
 * times that no answer changes; then with a bucket of whose requests 5 % are cut and 5 % wait for a second,
 * and with the database killed in the middle. Afterwards the worker runs, and what was acknowledged is
 * counted: each message with its content, each row of a file with its bytes, each deleted chat without any.
 * Database and bucket are one stack, functions, API and the relay to the bucket another. LOAD_USERS and
 * LOAD_SECONDS (of each of the three, ten times those of a step) say how many, 200 and 600 without them.
 */
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { Relay } from "../tests/support/relay.ts";
import { startStackProcess } from "../tests/support/stack_process.ts";
import { bucketOf } from "../tools/operator_bucket.ts";
import { alone } from "./harness/figures.ts";
import { type BenchUser, signUp, withSql, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";
import { median, quantile } from "./harness/statistics.ts";
import { drive, type Load, type Place } from "./load/drive.ts";
import { Ledger } from "./load/ledger.ts";
import { settle } from "./load/settle.ts";
import { INTENDED, MIX, OPS, timesOf } from "./load/virtual_user.ts";

const MIB = 1024 * 1024;
/** Rates to look for the bend at, of the most that is answered. */
const STEPS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** From this many times the time of the lowest rate on, requests wait for each other. */
const BEND = 2;

/** Change a minute of a series of samples that are `seconds` apart: the line of least squares. */
function slope(samples: number[], seconds: number): number {
  const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const times = samples.map((_, n) => n * seconds / 60);
  const [time, value] = [mean(times), mean(samples)];
  const over = times.reduce((sum, t, n) => sum + (t - time) * (samples[n]! - value), 0);
  return over / times.reduce((sum, t) => sum + (t - time) ** 2, 0);
}

const accountsOf = async (users: number, { front }: Place) => {
  const accounts: BenchUser[] = [];
  for (let n = 0; n < users; n++) accounts.push(await signUp(front));
  return accounts;
};

/**
 * Where it bends: of rates that rise, the last at which the kinds of requests, by their shares, take no more
 * than `BEND` times as long as at the lowest, by their medians.
 *
 * @param most requests a second that were answered when all users waited
 * @returns requests a second
 */
async function bend(
  place: Place,
  users: number,
  seconds: number,
  most: number,
  { add, fault }: Bench,
): Promise<number> {
  const accounts = await accountsOf(users, place);
  let lowest: number | undefined;
  let last = 0;
  for (const share of STEPS) {
    const rate = share * most;
    const seen = await drive(place, accounts, new Ledger(), { seconds, rate });
    const failed = seen.outcomes.filter(({ error }) => error);
    if (failed.length > 0) fault(`a step: ${failed.length} times ${failed[0]!.error}`);
    const typical = OPS.reduce((sum, op) => {
      const times = timesOf(seen.outcomes, op);
      return times.length === 0 ? sum : sum + MIX[op] / 100 * median(times);
    }, 0);
    add(alone(`a request of the mix at ${rate.toFixed(0)} a second`, [typical]));
    lowest ??= typical;
    if (typical > BEND * lowest) break;
    last = rate;
  }
  add(alone("the rate at which it bends", [last], { unit: "" }));
  return last;
}

/** @returns requests a second that were answered */
async function phase(
  name: string,
  place: Place,
  users: number,
  load: Load,
  { add, fault, note }: Bench,
): Promise<number> {
  const ledger = new Ledger();
  const accounts = await accountsOf(users, place);
  const { outcomes, answered, memory, connections, every } = await drive(
    place,
    accounts,
    ledger,
    load,
  );
  const { faulty = false, rate = Infinity } = load;
  const { front, back } = place;
  const what = (text: string) => `${name}: ${text}`;
  add(alone(what("requests a second"), [answered], { unit: "" }));
  for (const op of OPS) {
    const times = timesOf(outcomes, op);
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
  const counts: [string, number][] = [
    [`messages missing or other, of ${messages}`, missing.messages],
    [`rows of images missing, of ${images}`, missing.images],
    ["rows of images without bytes", missing.objects],
    [`rows and objects left of ${deleted} deleted chats`, missing.left],
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
      const { users, seconds } = size;
      const most = await phase("undisturbed", place, users, { seconds }, bench);
      const rate = 0.7 * await bend(place, users, seconds / 10, most, bench);
      await phase("at 70 % of the bend", place, users, { seconds, rate }, bench);
      await phase("with faults", place, users, { seconds, faulty: true }, bench);
    }),
});
