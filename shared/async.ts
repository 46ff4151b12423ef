/**
 * Waiting, time limits, and work on many things: what the language leaves to write.
 *
 * @module
 */

/**
 * Waits.
 *
 * @param milliseconds how long
 * @param signal       ends the wait, which then rejects with the signal's reason
 */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Runs work that has a time limit, also where the work ignores its signal.
 *
 * @param milliseconds until the work's signal is aborted and the call rejects; Infinity: no limit
 * @param work         is given a signal that the limit, or the caller's signal, aborts
 * @param signal       the caller's
 * @returns what the work returns
 * @throws the reason of the caller's signal, or a `DOMException` named `TimeoutError`
 */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const limit = new AbortController();
  const either = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  either.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const abort = () => ended.reject(either.reason);
  either.addEventListener("abort", abort, { once: true });
  // A timer of the language would take Infinity for 1 ms.
  const timer = milliseconds === Infinity ? undefined : setTimeout(
    () => limit.abort(new DOMException("there was no answer in time", "TimeoutError")),
    milliseconds,
  );
  try {
    return await Promise.race([work(either), ended.promise]);
  } finally {
    clearTimeout(timer);
    either.removeEventListener("abort", abort);
  }
}

/**
 * Works on a list, a few items at a time. After a failure nothing new is begun, and the call rejects
 * with the first one when all that was begun has ended: nothing goes on behind its back.
 *
 * @param items what to work on
 * @param most  items that are worked on at the same time
 * @param work  is given an item and its index
 * @returns what the work returned, in the order of the items
 */
export async function eachOf<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    for (const [index, item] of queue) {
      if (failure) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failure) throw failure.error;
  return results;
}

/**
 * Splits a list.
 *
 * @param most items of a part
 * @returns its parts, in order; none of an empty list
 */
export function chunked<T>(list: readonly T[], most: number): T[][] {
  return Array.from(
    { length: Math.ceil(list.length / most) },
    (_, index) => list.slice(index * most, (index + 1) * most),
  );
}
