import type { HealthResponse } from "@shared/contracts/health.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { VERSION } from "@shared/version.ts";
import type { ArchiveClient } from "../_shared/clients.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "../_shared/query.ts";

/** What health needs. */
export interface HealthPorts {
  /** Past RLS: the state of the outbox is nobody's row. Null where USE_DATABASE is false. */
  admin: ArchiveClient | null;
  /** Null where USE_S3_STORAGE is false. */
  store: Pick<ObjectStore, "check"> | null;
  /** Milliseconds for each check. */
  timeout: number;
}

type Checks = HealthResponse["checks"];
type Check = Checks["storage"];

/** Seconds without a run after which the worker counts as stopped. */
const WORKER_SILENCE = 300;

function reasonOf(error: unknown): string {
  if (error instanceof ChatArchiveError) {
    const name = (error.cause as Error | undefined)?.name ?? "";
    if (name === "NoSuchBucket" || name === "NotFound") return "missing_bucket";
    if (/AccessKey|Signature|AccessDenied|Forbidden|^403$/.test(name)) return "bad_credentials";
    return error.code === "internal" ? "missing_migration" : "unreachable";
  }
  return "unreachable";
}

async function timed<T>(timeout: number, work: (signal: AbortSignal) => Promise<T>) {
  const started = performance.now();
  const signal = AbortSignal.timeout(timeout);
  const expired = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );
  try {
    const value = await Promise.race([work(signal), expired]);
    return { value, check: { status: "ok" as const, latency_ms: elapsed(started) } };
  } catch (error) {
    return {
      value: undefined,
      check: { status: "down" as const, latency_ms: elapsed(started), reason: reasonOf(error) },
    };
  }
}

const elapsed = (started: number) => Math.round(performance.now() - started);
const DISABLED: Check = { status: "disabled", latency_ms: 0 };
const UNKNOWN = { pending: null, dead: null, oldest_seconds: null };

async function checkDatabase({ admin, timeout }: HealthPorts): Promise<Omit<Checks, "storage">> {
  if (!admin) return { database: DISABLED, cleanup: { ...DISABLED, ...UNKNOWN } };
  const { value, check } = await timed(
    timeout,
    () => query(() => admin.rpc("cleanup_state")),
  );
  const state = value?.[0];
  if (!state) {
    return { database: check, cleanup: { ...check, status: "down", ...UNKNOWN } };
  }
  const { pending, dead, oldest_seconds, seconds_since_run } = state;
  const silent = seconds_since_run === null || seconds_since_run > WORKER_SILENCE;
  const reason = silent ? "no_worker" : dead > 0 ? "dead_letters" : undefined;
  return {
    database: check,
    cleanup: {
      status: reason ? "degraded" : "ok",
      latency_ms: check.latency_ms,
      ...(reason ? { reason } : {}),
      pending,
      dead,
      oldest_seconds,
    },
  };
}

async function checkStorage({ store, timeout }: HealthPorts): Promise<Check> {
  if (!store) return DISABLED;
  return (await timed(timeout, (signal) => store.check(signal))).check;
}

/** Asks every part, side by side. Nothing in the answer is secret. */
export async function health(
  ports: HealthPorts,
): Promise<{ status: 200 | 503; body: HealthResponse }> {
  const [database, storage] = await Promise.all([checkDatabase(ports), checkStorage(ports)]);
  const checks: Checks = { ...database, storage };
  // A document chat needs both. What is switched off by a setting is not down.
  const status = checks.database.status === "down" || checks.storage.status === "down"
    ? "down"
    : checks.cleanup.status === "degraded"
    ? "degraded"
    : "ok";
  return { status: status === "down" ? 503 : 200, body: { status, checks, version: VERSION } };
}
