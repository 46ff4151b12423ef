/**
 * Tasks that run side by side and take turns: each step outwards waits until a seeded choice lets it go,
 * and one step runs at a time. The same seed gives the same order.
 *
 * @module
 */

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Waiting {
  task: string;
  step: string;
  go(): Promise<void>;
}

/** Milliseconds after which a task that neither waits nor ends counts as stuck. */
const STUCK_MS = 20_000;

/** How long a step waits, by the first word of its name or its task's: until nearly all before it are done. */
const RANKS = ["", "late", "latest"];

const rankOf = ({ task, step }: Waiting) =>
  Math.max(...[task, step].map((name) => RANKS.indexOf(name.split(" ")[0]!)), 0);

/** Runs tasks in the order that a seed decides. */
export class Schedule {
  readonly random: () => number;
  /** What was done, for a test that fails. */
  readonly log: string[] = [];
  #killing: number;
  #waiting: Waiting[] = [];
  #alive = new Set<string>();
  #failures: unknown[] = [];

  /** @param killing how likely a task is to be killed at each of its steps */
  constructor(seed: number, killing = 0) {
    this.random = randomOf(seed);
    this.#killing = killing;
  }

  /** One of some. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }

  /** Waits for the task's turn, and does something. A task that was killed never goes on. */
  step<T>(task: string, step: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, step, go: () => work().then(resolve, reject) });
    });
  }

  /** Adds a task, also while others run. */
  begin(task: string, work: () => Promise<unknown>): void {
    this.#alive.add(task);
    work().catch((error) => this.#failures.push(error)).finally(() => this.#alive.delete(task));
  }

  /** Ends all tasks that have begun and wait, but those that are named. */
  interrupt(isSpared: (task: string, step: string) => boolean): void {
    for (const { task } of this.#waiting.filter(({ task, step }) => !isSpared(task, step))) {
      this.log.push(`${task} is interrupted`);
      this.#end(task);
    }
  }

  #end(task: string): void {
    this.#waiting = this.#waiting.filter((other) => other.task !== task);
    this.#alive.delete(task);
  }

  /** What goes next. What is late lets others go first, nearly always. */
  #next(): Waiting {
    for (const rank of RANKS.keys()) {
      const early = this.#waiting.filter((one) => rankOf(one) <= rank);
      if (early.length > 0 && this.random() < 0.9) return this.pick(early);
    }
    return this.pick(this.#waiting);
  }

  async #settle(): Promise<void> {
    const started = performance.now();
    // Twice: what a step has answered is read, and leads to the next one.
    for (let calm = 0; calm < 2; calm++) {
      await new Promise((resolve) => setTimeout(resolve));
      const waits = new Set(this.#waiting.map(({ task }) => task));
      if ([...this.#alive].every((task) => waits.has(task))) continue;
      if (performance.now() - started > STUCK_MS) {
        throw new Error(`stuck: ${[...this.#alive]}\n${this.log.join("\n")}`);
      }
      calm = -1;
    }
  }

  /** Lets all tasks run until they have ended or were killed. @throws what a task throws */
  async run(): Promise<void> {
    for (await this.#settle(); this.#waiting.length > 0; await this.#settle()) {
      // By name first, so that the order in which they came does not matter.
      this.#waiting.sort((a, b) => `${a.task} ${a.step}` < `${b.task} ${b.step}` ? -1 : 1);
      const next = this.#next();
      if (this.random() < this.#killing) {
        this.log.push(`${next.task} is killed before ${next.step}`);
        this.#end(next.task);
        continue;
      }
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.log.push(`${next.task}: ${next.step}`);
      await next.go();
    }
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
