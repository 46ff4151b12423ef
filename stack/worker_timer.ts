/** As on the platform, where pg_cron calls each minute. */
const INTERVAL_MS = 60_000;

/** Calls storage-cleanup at once and each minute after, never twice at the same time. */
export function startWorkerTimer(apiUrl: string, secretKey: string): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run() {
    try {
      const response = await fetch(`${apiUrl}/functions/v1/storage-cleanup`, {
        method: "POST",
        headers: { apikey: secretKey, "content-type": "application/json" },
        body: "{}",
        signal: stopped.signal,
      });
      await response.body?.cancel();
    } catch {
      // The function has logged it, or the stack is stopping. The next run tries again.
    }
  }

  let busy = false;
  const tick = () => {
    if (busy) return;
    busy = true;
    running = run().finally(() => busy = false);
  };
  tick();
  const timer = setInterval(tick, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await running;
    },
  };
}
