/** `deno task storage check`: what it finds out about a bucket, and what it says follows. */
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import {
  type BucketMarker,
  readMarker,
  writeMarker,
} from "../../supabase/functions/_shared/bucket_marker.ts";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import { explain } from "../../tools/storage/failures.ts";
import { Failure } from "../../stack/failure.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { knownBuckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import type { BUCKET_KINDS } from "../support/buckets/kinds.ts";
import { startLenientBucket } from "../support/buckets/lenient.ts";
import { ownBucket } from "../support/buckets/own_bucket.ts";
import { s3Error, startScriptedBucket } from "../support/scripted_bucket.ts";
import { cleanup } from "../support/deletion.ts";
import { asOperator, stack } from "../support/stack.ts";
import { exported, failure, onStack, run } from "../support/storage_command.ts";

const PROBES = "storage-check-";

/** What is told of a bucket that is as it should be. */
const GOOD = {
  uploads: "yes",
  keeps_versions: "no",
  copies_by_header: "no",
  publishes_by_header: "no",
  copy_conditions: "yes",
  read_conditions: "yes",
  drops_headers: "yes",
  public_list: "no",
  public_read: "no",
  cors: "yes",
  refused_types: [],
  // Without an API.
  marker: "not_asked",
};

/** What is told otherwise of a kind, and the exit code. */
const EXPECTED: Record<typeof BUCKET_KINDS[number], [code: number, Partial<typeof GOOD>]> = {
  embedded: [0, {}],
  lenient: [0, { copies_by_header: "yes", copy_conditions: "no", read_conditions: "no" }],
  // A copy that can be published is a reason to act.
  ceph: [1, { copies_by_header: "yes", publishes_by_header: "yes", copy_conditions: "no" }],
};

testOnEachBucket("check tells what the bucket does, and cleans up", async ({ kind, settings }) => {
  const { code, json, notes } = await run(["check", "--json"], { env: exported({ ...settings }) });
  const { latency_ms, warnings, ...facts } = json();
  const [expectedCode, differences] = EXPECTED[kind as typeof BUCKET_KINDS[number]];
  assert(latency_ms >= 0);
  assertEquals([code, facts], [expectedCode, { ...GOOD, ...differences }]);
  assertEquals(warnings.length, expectedCode);
  assertEquals(notes.slice(1), warnings.map((warning: string) => `warning: ${warning}`));
  if (kind === "ceph") assertMatch(warnings[0], /readable by anybody: .*IgnorePublicAcls/);
  assertEquals(await Array.fromAsync(openBucket(settings).list(PROBES)), []);
}, knownBuckets);

testOnEachBucket("with public ACLs ignored, nothing can be published", async ({ settings }) => {
  await using own = await ownBucket(settings);
  const published = async () => {
    const env = exported({ ...settings, bucket: own.bucket });
    return (await run(["check", "--json"], { env })).json().publishes_by_header;
  };
  assertEquals(await published(), "yes");
  // What docs/operations.md advises.
  await own.block({
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  });
  assertEquals(await published(), "no");
}, knownBuckets.filter(({ kind }) => kind === "ceph"));

testOnEachBucket("check tells a wrong secret, key and bucket apart", async ({ settings }) => {
  const said = async (changes: object) => {
    const { exitCode, message } = await failure(["check"], {
      env: exported({ ...settings, ...changes }),
    });
    assertEquals(exitCode, 3);
    return message;
  };
  assertMatch(await said({ secretAccessKey: "wrong" }), /refuses the signature/);
  assertMatch(await said({ accessKeyId: "wrong" }), /does not know the access key/);
  assertMatch(await said({ bucket: "not-there" }), /is not there/);
}, knownBuckets);

Deno.test("a silent bucket is told from one that refuses", async () => {
  await using bucket = startScriptedBucket(() => new Promise<Response>(() => {}));
  const short = {
    attemptMs: 100,
    operationMs: 300,
    copyMs: 300,
    silenceMs: 100,
    presenceMs: 0,
    versioningMs: 0,
  };
  const error = await openBucket(bucket.settings, short).check().catch((error) => error);
  const said = explain(error, bucket.settings);
  assert(said instanceof Failure);
  assertMatch(said.message, /^http:.* does not answer \(TimeoutError\)$/);
  assertMatch(said.advice, /S3_ENDPOINT/);
});

Deno.test("a bucket that fails is told from one that is silent", async () => {
  await using bucket = startScriptedBucket(() => s3Error(500, "InternalError"));
  const said = await failure(["check"], { env: exported({ ...bucket.settings }) });
  assertEquals(said.exitCode, 3);
  assertMatch(said.message, /answers with an error of its own \((500|InternalError)\)$/);
});

/** Checks a lenient bucket that answers some requests otherwise. */
async function checkOf(
  instead: Parameters<typeof startLenientBucket>[0],
  env: Record<string, string> = {},
) {
  await using bucket = startLenientBucket(instead);
  return await run(["check"], { env: { ...exported({ ...bucket.settings }), ...env } });
}

const isUnsigned = ({ headers }: Request, { searchParams }: URL) =>
  !headers.has("authorization") && !searchParams.has("X-Amz-Signature");

Deno.test("check warns of a public bucket, of missing CORS, and of types that it does not take", async () => {
  const { code, lines, notes } = await checkOf((request, url) => {
    if (request.method === "OPTIONS") return s3Error(403, "AccessForbidden");
    if (request.method === "GET" && isUnsigned(request, url)) return new Response("anything");
    if (request.headers.get("content-type") === "application/pdf") {
      return s3Error(415, "InvalidMimeType");
    }
  });
  assertEquals(code, 1);
  for (
    const problem of [
      /anybody can list/,
      /anybody can read/,
      /readable by anybody/,
      /lacks CORS/,
      /does not take application\/pdf: /,
    ]
  ) {
    assert(notes.some((note) => note.startsWith("warning: ") && problem.test(note)), `${problem}`);
  }
  assert(lines.some((line) => /^public read +yes +the bucket is public/.test(line)));
  assert(lines.some((line) => /^refused types +application\/pdf$/.test(line)));
});

Deno.test("check tries the types that users may upload, where the settings name them", async () => {
  const onlyPng = ({ method, headers }: Request) =>
    method === "PUT" && !headers.has("x-amz-copy-source") &&
      headers.get("content-type") !== "image/png"
      ? s3Error(415, "InvalidMimeType")
      : undefined;
  assertEquals((await checkOf(onlyPng)).code, 1);
  const env = { ALLOWED_IMAGE_TYPES: "image/png", ALLOWED_DOCUMENT_TYPES: "image/png" };
  assertEquals((await checkOf(onlyPng, env)).code, 0);
});

Deno.test("check warns of a copy that keeps a client's headers", async () => {
  const { code, notes } = await checkOf(({ method, headers }, url) =>
    method === "HEAD" && headers.has("authorization") && url.pathname.endsWith("without-headers")
      ? new Response(null, { headers: { "content-encoding": "gzip" } })
      : undefined
  );
  assertEquals([code, notes.length], [1, 2]);
  assertMatch(notes[1]!, /^warning: headers that a client adds to an upload/);
});

Deno.test("check asks for the application's own origin, where it is known", async () => {
  const own = "https://app.example";
  const onlyOwn = ({ method, headers }: Request) =>
    method !== "OPTIONS"
      ? undefined
      : headers.get("origin") === own
      ? new Response(null, { headers: { "access-control-allow-origin": own } })
      : s3Error(403, "AccessForbidden");
  const ALLOWED_ORIGINS = `${own}, https://b.example`;
  assertEquals((await checkOf(onlyOwn, { ALLOWED_ORIGINS })).code, 0);
  assertEquals((await checkOf(onlyOwn)).code, 1);
});

Deno.test("check warns of what it could not find out", async () => {
  const { code, notes } = await checkOf((_, url) =>
    url.searchParams.has("versioning") ? s3Error(403, "AccessDenied") : undefined
  );
  assertEquals(code, 1);
  assertEquals(notes.length, 2);
  assertMatch(notes[1]!, /^warning: keeps versions is unknown: .* the key may not ask/);
});

Deno.test("check says what it could not remove", async () => {
  const { code, notes } = await checkOf((_, url) =>
    url.searchParams.has("delete")
      ? new Response(
        "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>",
      )
      : undefined
  );
  assertEquals(code, 1);
  assertMatch(notes[1]!, /below storage-check-.* could not be deleted \(AccessDenied\)/);
});

Deno.test("check tells whether the bucket is this database's", async () => {
  assertEquals((await cleanup()).status, 200);
  const own = await onStack(["check", "--json"]);
  assertEquals([own.json().marker, own.json().warnings], ["same", []]);

  await using other = startLenientBucket();
  const store = openBucket(other.settings);
  const env = {
    ...exported({ ...other.settings }),
    SUPABASE_URL: stack.API_URL,
    SUPABASE_SERVICE_KEY: stack.SECRET_KEY,
  };
  // The database has used its own bucket.
  await asOperator((sql) => sql`update private.bucket_counter set runs = greatest(runs, 1)`);
  const marker = (await readMarker(operatorBucket(stack)))! as BucketMarker;
  const cases = [
    [null, "no_marker", /or this one was emptied/],
    [{ ...marker, database: "another" }, "other_identity", /used by another database/],
    [{ ...marker, runs: marker.runs + 1000 }, "bucket_ahead", /restored, or copied/],
  ] as const;
  for (const [content, answer, meaning] of cases) {
    if (content) await writeMarker(store, content, "image/png");
    const { code, json } = await run(["check", "--json"], { env });
    const { marker: found, warnings } = json();
    assertEquals([code, found, warnings.length], [1, answer, 1]);
    assertMatch(warnings[0], meaning);
    assertMatch(warnings[0], /accept-restore/);
  }
  await writeMarker(store, marker, "image/png");
  const fitting = await run(["check"], { env });
  assertEquals([fitting.code, fitting.lines.at(-1)], [
    0,
    "marker              same: the bucket is this database's",
  ]);

  const { code, json } = await run(["check", "--json"], {
    env: { ...env, SUPABASE_SERVICE_KEY: "sb_secret_wrong" },
  });
  assertEquals([code, json().marker], [1, "unknown"]);
  assertMatch(json().warnings[0], /^marker is unknown: /);
});

Deno.test("a bucket that takes no object at all: exit code 3", async () => {
  await using bucket = startLenientBucket(({ method }) =>
    method === "PUT" ? s3Error(403, "AccessDenied") : undefined
  );
  const said = await failure(["check"], { env: exported({ ...bucket.settings }) });
  assertEquals(said.exitCode, 3);
  assertMatch(said.message, /refuses this key \(AccessDenied\)/);
});
