import { delay } from "@shared/async.ts";

/** Milliseconds that something may take to come true. */
const LIMIT_MS = 15_000;

/**
 * Waits until something holds, and asks again every 20 ms.
 *
 * @param what  is waited for: the failure says it
 * @param holds gives something truthy as soon as it does
 * @param limit milliseconds after which the wait has failed
 * @returns what `holds` gave
 * @throws Error naming what did not come true in time
 */
export async function eventually<T>(
  what: string,
  holds: () => T | Promise<T>,
  limit = LIMIT_MS,
): Promise<NonNullable<T>> {
  for (const deadline = performance.now() + limit;;) {
    const value = await holds();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await delay(20);
  }
}
