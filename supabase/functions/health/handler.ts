import type { HealthResponse } from "@shared/contracts/health.ts";
import type { Database } from "@shared/database.types.ts";
import { within } from "@shared/async.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { SCHEMA_VERSION, VERSION } from "@shared/version.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { lastVerdict } from "../_shared/recent_check.ts";
import { query } from "@shared/query.ts";

/** What health needs. */
export interface HealthPorts {
  /** Past RLS: the state of the outbox is no user's row. Null where USE_DATABASE is false. */
  admin: ArchiveClient | null;
  /** Null where USE_S3_STORAGE is false. */
  store: Pick<ObjectStore, "check" | "address"> | null;
  /** The project's address, as `projectAddress` gives it. */
  project: string;
  /** Milliseconds for each check. */
  timeout: number;
}

type Checks = HealthResponse["checks"];
type Check = Checks["storage"];
type Reason = NonNullable<Check["reason"]>;

/** Seconds without a run after which the worker counts as stopped. */
const WORKER_SILENCE_SECONDS = 300;
/** Seconds that an entry may be due without being taken up. */
const QUEUE_DELAY_SECONDS = 900;

/** The database lacks migrations that these functions need. */
class BehindError extends Error {}

type CleanupState = Database["public"]["Functions"]["cleanup_state"]["Returns"][number];

function reasonOf(error: unknown): Reason {
  if (error instanceof BehindError) return "missing_migration";
  if (error instanceof ChatArchiveError) {
    // Answers to HEAD have no body, and so no code: the status decides.
    const { $metadata } = (error.cause ?? {}) as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === 404) return "missing_bucket";
    if ([401, 403].includes($metadata?.httpStatusCode ?? 0)) return "bad_credentials";
    return error.code === "internal" ? "missing_migration" : "unreachable";
  }
  return "unreachable";
}

async function timed<T>(timeout: number, work: (signal: AbortSignal) => Promise<T>) {
  const started = performance.now();
  try {
    const value = await within(timeout, work);
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

function reasonOfQueue(state: CleanupState, isRestored: boolean): Reason | undefined {
  const { dead, oldest_seconds, seconds_since_run } = state;
  // First: it ends by an operator's word only.
  if (isRestored) return "restored";
  if (seconds_since_run === null || seconds_since_run > WORKER_SILENCE_SECONDS) return "no_worker";
  if (dead > 0) return "dead_letters";
  if (oldest_seconds !== null && oldest_seconds > QUEUE_DELAY_SECONDS) return "stuck_queue";
}

async function readState(
  admin: ArchiveClient,
  { store, project }: Pick<HealthPorts, "store" | "project">,
) {
  const [upToDate, [state], last] = await Promise.all([
    query(() => admin.rpc("has_migration", { version: SCHEMA_VERSION })),
    query(() => admin.rpc("cleanup_state")),
    // Without a bucket there is nothing to be restored to.
    store ? lastVerdict(admin, store, project) : undefined,
  ]);
  if (!upToDate) throw new BehindError();
  return state && { ...state, isRestored: last !== undefined && last.verdict !== "same" };
}

async function checkDatabase(ports: HealthPorts): Promise<Omit<Checks, "storage">> {
  const { admin, timeout } = ports;
  if (!admin) return { database: DISABLED, cleanup: { ...DISABLED, ...UNKNOWN } };
  const { value: state, check } = await timed(timeout, () => readState(admin, ports));
  if (!state) {
    return { database: check, cleanup: { ...check, status: "down", ...UNKNOWN } };
  }
  const { pending, dead, oldest_seconds } = state;
  const reason = reasonOfQueue(state, state.isRestored);
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
