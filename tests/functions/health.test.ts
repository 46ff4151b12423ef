import { HealthResponse } from "@shared/contracts/health.ts";
import { SCHEMA_VERSION } from "@shared/version.ts";
import { health } from "../../supabase/functions/health/handler.ts";
import { adminClient } from "../../supabase/functions/_shared/clients.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import { eventually } from "../support/eventually.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator, bucket, stack } from "../support/stack.ts";
import { assertError, request } from "../support/users.ts";

/** Milliseconds in which health has to answer, whatever is down. */
const BOUND = 2_000;

Deno.test("health tells of every part, without a key", async () => {
  const { status, body } = await request("health");
  assertEquals(status, 200);
  const health = HealthResponse.parse(body);
  assertEquals(health.checks.database.status, "ok");
  assertEquals(health.checks.storage.status, "ok");
  assertEquals(Object.keys(health.checks).toSorted(), ["cleanup", "database", "storage"]);
});

Deno.test("health with another method: method_not_allowed", async () => {
  assertError(await request("health", { method: "DELETE" }), 405, "method_not_allowed");
});

/** Runs the handler itself, which keeps no answer. @returns its body, and that it came in time */
async function ask(store: Parameters<typeof health>[0]["store"] = bucket) {
  Deno.env.set("SUPABASE_URL", stack.API_URL);
  Deno.env.set("SUPABASE_SECRET_KEYS", JSON.stringify({ default: stack.SECRET_KEY }));
  const admin = adminClient({ signal: new AbortController().signal, requestId: "health-test" });
  const started = performance.now();
  const { status, body } = await health({ admin, store, project: "", timeout: 1_500 });
  assert(performance.now() - started < BOUND, "it took too long");
  assertEquals(status, body.status === "down" ? 503 : 200);
  return HealthResponse.parse(body);
}

const SETTINGS: BucketSettings = {
  endpoint: stack.STORAGE_S3_URL,
  publicEndpoint: stack.STORAGE_S3_URL,
  region: stack.S3_PROTOCOL_REGION,
  bucket: stack.S3_BUCKET,
  accessKeyId: stack.S3_PROTOCOL_ACCESS_KEY_ID,
  secretAccessKey: stack.S3_PROTOCOL_ACCESS_KEY_SECRET,
  forcePathStyle: true,
};

const BUCKETS: [string, Partial<BucketSettings>][] = [
  ["missing_bucket", { bucket: "no-such-bucket" }],
  ["bad_credentials", { secretAccessKey: "another" }],
  ["bad_credentials", { accessKeyId: "another" }],
  ["unreachable", { endpoint: "http://127.0.0.1:1" }],
  ["unreachable", { endpoint: "http://no-such-host.invalid" }],
];

for (const [reason, wrong] of BUCKETS) {
  Deno.test(`a bucket with another ${Object.keys(wrong)}: down, ${reason}`, async () => {
    const { status, checks } = await ask(openBucket({ ...SETTINGS, ...wrong }));
    assertEquals([status, checks.storage.status, checks.storage.reason], ["down", "down", reason]);
    assertEquals(checks.database.status, "ok");
  });
}

/** Runs work while the database is changed, as an operator does, and puts it back. */
async function changed<T>(before: string, after: string, work: () => Promise<T>): Promise<T> {
  await asOperator((sql) => sql.unsafe(before).simple());
  try {
    return await work();
  } finally {
    await asOperator((sql) => sql.unsafe(after).simple());
  }
}

const HISTORY = "supabase_migrations.schema_migrations";
const BEHIND: [string, string, string][] = [
  [
    "lacks the newest migration",
    `update ${HISTORY} set version = '0' where version = '${SCHEMA_VERSION}'`,
    `update ${HISTORY} set version = '${SCHEMA_VERSION}' where version = '0'`,
  ],
  [
    "has no history of migrations",
    `alter table ${HISTORY} rename to gone`,
    "alter table supabase_migrations.gone rename to schema_migrations",
  ],
];

for (const [what, before, after] of BEHIND) {
  Deno.test(`a database that ${what}: down, missing_migration`, async () => {
    const { status, checks } = await changed(before, after, () => ask());
    assertEquals([status, checks.database.reason], ["down", "missing_migration"]);
    assertEquals(checks.storage.status, "ok");
  });
}

Deno.test("an application's own migrations, older and newer ones, disturb nothing", async () => {
  const { checks } = await changed(
    `insert into ${HISTORY} (version, name)
     values ('20200101000000', 'theirs'), ('20990101000000', 'theirs')`,
    `delete from ${HISTORY} where name = 'theirs'`,
    () => ask(),
  );
  assertEquals(checks.database.status, "ok");
});

Deno.test("a database without our functions: down, missing_migration", async () => {
  const { status, checks } = await changed(
    "alter function public.cleanup_state() rename to cleanup_state_gone",
    "alter function public.cleanup_state_gone() rename to cleanup_state",
    () => ask(),
  );
  assertEquals([status, checks.database.reason], ["down", "missing_migration"]);
  // The API sees a changed schema a moment later, and may be reading the one of before: what is newer
  // still is waited for.
  const newer = `newer_${crypto.randomUUID().replaceAll("-", "")}`;
  await changed(
    `create function public.${newer}() returns int language sql as 'select 1';
     grant execute on function public.${newer}() to service_role`,
    `drop function public.${newer}()`,
    () => eventually("the API reads the schema again", () => isKnown(newer)),
  );
});

/** Whether the API knows a function. */
async function isKnown(name: string): Promise<boolean> {
  const answer = await fetch(`${stack.API_URL}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { apikey: stack.SECRET_KEY, authorization: `Bearer ${stack.SECRET_KEY}` },
  });
  await answer.body?.cancel();
  return answer.ok;
}

const heartbeat = (age: string) =>
  `update private.cleanup_heartbeat set last_run_at = now() - interval '${age}'`;

Deno.test("no worker for five minutes: degraded, no_worker", async () => {
  const silent = await changed(heartbeat("5 minutes 1 second"), heartbeat("0"), () => ask());
  assertEquals([silent.status, silent.checks.cleanup.reason], ["degraded", "no_worker"]);
  const running = await changed(heartbeat("4 minutes 50 seconds"), heartbeat("0"), () => ask());
  assert(running.checks.cleanup.reason !== "no_worker");
});

const ENTRY = crypto.randomUUID();

for (
  const [reason, columns, values] of [
    ["dead_letters", "dead_at", "now()"],
    ["stuck_queue", "not_before", "now() - interval '16 minutes'"],
  ] as const
) {
  Deno.test(`the queue is in trouble: degraded, ${reason}`, async () => {
    const { status, checks } = await changed(
      `${heartbeat("0")};
       insert into public.storage_deletions (id, user_id, target, reason, ${columns})
       values ('${ENTRY}', '${ENTRY}', '${ENTRY}/${ENTRY}/images/${ENTRY}.png',
               'image_deleted', ${values})`,
      `delete from public.storage_deletions where id = '${ENTRY}'`,
      () => ask(),
    );
    assertEquals([status, checks.cleanup.status, checks.cleanup.reason], [
      "degraded",
      "degraded",
      reason,
    ]);
  });
}
