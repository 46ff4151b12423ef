/** Measures several ways to do the same in turn, in one run. */
import process from "node:process";

/** One way to do it. */
export interface Way {
  /** What must be done before its turn, and is not measured. */
  before?(): Promise<unknown>;
  /** What is measured. */
  run(): Promise<unknown>;
}

/** What one run of a way took, in milliseconds. */
interface Cost {
  time: number;
  /** Of this process, user and system. */
  cpu: number;
}

/** What the runs of each way took, in milliseconds, in their order. */
export type Samples<Name extends string> = Record<Name, { time: number[]; cpu: number[] }>;

async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const started = performance.now();
  await run();
  const time = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { time, cpu: (user + system) / 1000 };
}

/**
 * Runs all ways in turn: who comes second finds what the first has left in caches, so that each round begins
 * with another one. The first tenth of the rounds, at least one, warms up code, plans and connections.
 *
 * @param options `rounds` that are measured; `perTurn` runs of a way in its turn (1), after `warmUp` ones
 *   that are not measured (0): where `before` changes what plans were made for
 */
export async function inTurn<Name extends string>(
  ways: Record<Name, Way>,
  { rounds, perTurn = 1, warmUp = 0 }: { rounds: number; perTurn?: number; warmUp?: number },
): Promise<Samples<Name>> {
  const names = Object.keys(ways) as Name[];
  const samples = Object.fromEntries(
    names.map((name) => [name, { time: [], cpu: [] }]),
  ) as unknown as Samples<Name>;
  for (let round = -Math.ceil(rounds / 10); round < rounds; round++) {
    const first = Math.abs(round) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const way = ways[name];
      await way.before?.();
      for (let run = -warmUp; run < perTurn; run++) {
        const { time, cpu } = await costOf(() => way.run());
        if (run < 0 || round < 0) continue;
        samples[name].time.push(time);
        samples[name].cpu.push(cpu);
      }
    }
  }
  return samples;
}
