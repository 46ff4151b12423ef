/** As on the platform, where pg_cron calls each minute. */
const INTERVAL_MS = 60_000;
/** Milliseconds that the start of a stack waits for the first look at the bucket. */
const FIRST_CHECK_MS = 5_000;

/**
 * Calls storage-cleanup at once and each minute after, never twice at the same time. Before that it has
 * the bucket checked, so that what is deleted right after the start need not wait for the worker.
 *
 * @param empties false: it only checks the bucket, and whoever wants the outbox emptied calls the worker
 */
export async function startWorkerTimer(
  apiUrl: string,
  secretKey: string,
  empties: boolean,
): Promise<{ stop(): Promise<void> }> {
  const stopped = new AbortController();
  const CHECK = { accept_restore: "dry-run" };

  async function call(body: object, signal: AbortSignal) {
    try {
      const response = await fetch(`${apiUrl}/functions/v1/storage-cleanup`, {
        method: "POST",
        headers: { apikey: secretKey, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal,
      });
      await response.body?.cancel();
    } catch {
      // The function has logged it, or the stack is stopping. The next run tries again.
    }
  }

  await call(CHECK, AbortSignal.timeout(FIRST_CHECK_MS));
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const tick = () => {
    if (busy) return;
    busy = true;
    running = call(empties ? {} : CHECK, stopped.signal).finally(() => busy = false);
  };
  if (empties) tick();
  const timer = setInterval(tick, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await running;
    },
  };
}
