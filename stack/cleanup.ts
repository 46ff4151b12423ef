import { within } from "@shared/async.ts";

/** For one part to stop. */
const STOP_TIMEOUT_MS = 10_000;

/** Stops parts in the reverse order of their start, each even when another fails or hangs. */
export class Cleanup {
  #steps: (() => Promise<void> | void)[] = [];

  /** @param step stops a part that has just been started */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Stops all parts; says what goes wrong, and never throws. */
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const stop = step;
      await within(STOP_TIMEOUT_MS, async () => await stop())
        .catch((error) => console.warn(`while stopping: ${error}`));
    }
  }
}
