/**
 * Patch of postgres 3.4.9: when its server goes away it loses queries. A write that waits for the next
 * tick does not look whether its connection was closed meanwhile (connection.js, nextWrite): nobody
 * can catch that error, which would end the process, and the query never answers. The end of a
 * connection between two statements of a transaction rejects a promise that nobody waits for. So the
 * whole pool is given up then, and another one is opened when the server is back.
 *
 * Reported: https://github.com/porsager/postgres/issues/1066
 * and https://github.com/porsager/postgres/issues/1208
 *
 * @module
 */
import { delay, within } from "@shared/async.ts";

/** How long work waits for a server that is coming back. */
const RECONNECT_WAIT_MS = 2000;
/** Between two attempts to open a session. */
const RETRY_MS = 200;

/** A session that is opened anew when it is lost. */
export interface KeptSession<T> {
  /** @returns what the work returns, or undefined where its session was lost */
  run<R>(work: (session: T) => Promise<R>): Promise<R | undefined>;
  /** The server has gone: gives up the work under way, and opens a session as soon as it is back. */
  reconnect(): void;
  close(): Promise<void>;
}

/** How to open and end a session. */
export interface SessionOptions<T> {
  open(): Promise<T>;
  /** Ends it without waiting for queries that will never answer. */
  end(session: T): Promise<void>;
  /** Milliseconds after which work counts as lost: the driver can also lose it without any error. */
  timeoutMs: number;
}

function isStrayWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    /nextWrite.*postgres\/src\/connection\.js/s.test(error.stack ?? "");
}

/** The end of a connection while nobody waits for an answer of it, as between two statements. */
function isLostConnection(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && /^(ECONNRESET|EPIPE|CONNECTION_)/.test(code);
}

/** Opens a session, and keeps one open. @throws what the first `open` throws */
export async function keepSession<T>(
  { open, end, timeoutMs }: SessionOptions<T>,
): Promise<KeptSession<T>> {
  let session = await open();
  let lost = new AbortController();
  let renewed: Promise<void> | undefined;
  let closing = false;

  async function renew() {
    lost.abort();
    await end(session);
    while (!closing) {
      try {
        session = await open();
        lost = new AbortController();
        return;
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  const reconnect = () => {
    renewed ??= renew().finally(() => renewed = undefined);
  };
  const onStrayWrite = (event: ErrorEvent) => {
    if (!isStrayWrite(event.error)) return;
    event.preventDefault();
    reconnect();
  };
  const onLostConnection = (event: PromiseRejectionEvent) => {
    if (!isLostConnection(event.reason)) return;
    event.preventDefault();
    reconnect();
  };
  globalThis.addEventListener("error", onStrayWrite);
  globalThis.addEventListener("unhandledrejection", onLostConnection);

  return {
    async run(work) {
      const back = renewed;
      if (back) await within(RECONNECT_WAIT_MS, () => back).catch(() => {});
      if (renewed) return undefined;
      const { signal } = lost;
      try {
        return await within(timeoutMs, () => work(session), signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        if ((error as Error)?.name !== "TimeoutError") throw error;
        reconnect();
        return undefined;
      }
    },
    reconnect,
    async close() {
      closing = true;
      globalThis.removeEventListener("error", onStrayWrite);
      globalThis.removeEventListener("unhandledrejection", onLostConnection);
      await end(session);
    },
  };
}
