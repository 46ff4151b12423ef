/** Users at work on a stack, and what was seen meanwhile. */
import type { StackStatus } from "../../stack/status_file.ts";
import type { Relay } from "../../tests/support/relay.ts";
import { databaseProcess } from "../../tests/support/stack_process.ts";
import { memoryOf } from "../harness/memory.ts";
import { type BenchUser, withSql } from "../harness/places.ts";
import type { Ledger } from "./ledger.ts";
import { type Outcome, work } from "./virtual_user.ts";

/** Where the users work: a stack, and the one that is its database and bucket. */
export interface Place {
  front: StackStatus;
  back: StackStatus;
  /** Between the front and the bucket. */
  relay: Relay;
  /** Process of the front. */
  pid: number;
}

/** How they work. */
export interface Load {
  seconds: number;
  /** Whether parts fail. */
  faulty?: boolean;
  /** Requests a second of all users, where they do not wait for answers. */
  rate?: number;
}

/** What was seen. */
export interface Seen {
  outcomes: Outcome[];
  /** Requests a second that were answered. */
  answered: number;
  /** Resident bytes of the front, each of `every` seconds. */
  memory: number[];
  /** Connections to the database; none where it fails. */
  connections: number[];
  every: number;
}

/** Resident bytes of a process and of all that it has started. */
async function memoryOfAll(pid: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  const below = await Promise.all(
    children.trim().split(" ").filter(Boolean).map(Number).map(memoryOfAll),
  );
  return below.reduce((sum, bytes) => sum + bytes, memoryOf(pid, "VmRSS"));
}

/** Lets users work for some time. */
export async function drive(
  { back, relay, pid }: Place,
  users: BenchUser[],
  ledger: Ledger,
  { seconds, faulty = false, rate = Infinity }: Load,
): Promise<Seen> {
  const outcomes: Outcome[] = [];
  const memory: number[] = [];
  const connections: number[] = [];
  const every = Math.max(1, seconds / 60);
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const sample = async () => {
    memory.push(await memoryOfAll(pid));
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
    users.map((user) =>
      work(
        user,
        ledger,
        () => performance.now() < until,
        (outcome) => void outcomes.push(outcome),
        rate / users.length,
      )
    ),
  );
  clearInterval(sampler);
  clearTimeout(trouble);
  relay.faults = { cut: 0, slow: 0, delay: 0 };
  const answered = outcomes.length / ((performance.now() - begun) / 1000);
  return { outcomes, answered, memory, connections, every };
}
