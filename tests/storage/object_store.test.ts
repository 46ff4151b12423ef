/** The object store over a bucket that fails: bounded waits, no upload twice, errors of ours. */
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import type { S3Timeouts } from "../../supabase/functions/_shared/s3_timeouts.ts";
import { deletePrefix } from "../../tools/storage/delete_prefix.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  s3Error,
  type ScriptedBucket,
  type SeenRequest,
  startScriptedBucket,
} from "../support/scripted_bucket.ts";

const bytes = new Uint8Array(10);
const contentType = "image/png";
const etag = '"e"';
const SHORT: S3Timeouts = {
  attemptMs: 150,
  operationMs: 700,
  copyMs: 300,
  silenceMs: 200,
  presenceMs: 0,
  versioningMs: 0,
};

const xml = (body: string) =>
  new Response(body, { headers: { "content-type": "application/xml" } });
const silence = () => new Promise<Response>(() => {});

/** All that goes to the bucket. */
const OPERATIONS: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  head: (store) => store.head("a"),
  get: (store) => store.get("a"),
  bytes: (store) => store.bytes("a"),
  put: (store) => store.put({ key: "a", body: bytes, size: 10, contentType }),
  scan: (store) => store.scan("a", (pieces) => Array.fromAsync(pieces)),
  copy: (store) => store.copy("a", "b", contentType),
  deleteMany: (store) => store.deleteMany(["a"]),
  deletePrefix: (store) => Array.fromAsync(deletePrefix(store, "a")),
  list: (store) => Array.fromAsync(store.list("a")),
  check: (store) => store.check(),
};

Deno.test("a bucket that accepts and keeps silent: storage_unavailable, within the bound", async () => {
  await using bucket = startScriptedBucket(silence);
  await Promise.all(
    Object.entries(OPERATIONS).map(async ([name, operation]) => {
      const started = performance.now();
      const store = openBucket(bucket.settings, SHORT);
      const error = await assertRejects(() => operation(store), ChatArchiveError);
      assertEquals(error.code, "storage_unavailable", name);
      assert(error.cause instanceof Error, "the cause is kept");
      const took = performance.now() - started;
      assert(took < 2500, `${name} took ${took} ms`);
    }),
  );
});

Deno.test("a bucket that stops in the middle of its answer: storage_unavailable as well", async () => {
  const half = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("<?xml")),
      }),
      { headers: { "content-type": "application/xml" } },
    );
  await using bucket = startScriptedBucket(half);
  await Promise.all(["copy", "deleteMany", "list"].map(async (name) => {
    const store = openBucket(bucket.settings, SHORT);
    const error = await assertRejects(() => OPERATIONS[name]!(store), ChatArchiveError);
    assertEquals(error.code, "storage_unavailable", name);
  }));
});

Deno.test("a failing bucket is asked three times, and not for ever", async () => {
  await Promise.all(
    ["head", "get", "deleteMany", "list", "check"].map(async (name) => {
      await using bucket = startScriptedBucket(() => s3Error(500, "InternalError"));
      const store = openBucket(bucket.settings);
      const error = await assertRejects(() => OPERATIONS[name]!(store), ChatArchiveError);
      assertEquals(error.code, "storage_unavailable", name);
      assertEquals(bucket.seen.length, 3, name);
    }),
  );
});

Deno.test("a read or a delete succeeds when the bucket has recovered", async () => {
  await using bucket = startScriptedBucket((_, index) =>
    index % 3 < 2
      ? s3Error(500, "InternalError")
      : index < 3
      ? new Response("0123456789", { headers: { "content-length": "10", etag } })
      : new Response("<DeleteResult/>", { headers: { "content-type": "application/xml" } })
  );
  const store = openBucket(bucket.settings);
  const object = await store.get("a");
  assertEquals(await new Response(object!.body).text(), "0123456789");
  assertEquals(await store.deleteMany(["a"]), []);
  // The third is whether the bucket keeps versions.
  assertEquals(bucket.seen.filter(({ method }) => method !== "HEAD").length, 9);
});

Deno.test("an upload and a copy are sent once, whatever the bucket answers", async () => {
  await using bucket = startScriptedBucket(() => s3Error(500, "InternalError"));
  const store = openBucket(bucket.settings);
  const putOf = (body: typeof bytes | ReadableStream<typeof bytes>) => () =>
    store.put({ key: "a", body, size: 10, contentType });
  for (
    const attempt of [
      putOf(bytes),
      putOf(new Blob([bytes]).stream()),
      () => store.copy("a", "b", contentType),
    ]
  ) {
    const before = bucket.seen.length;
    const error = await assertRejects<ChatArchiveError>(attempt, ChatArchiveError);
    assertEquals(error.code, "storage_unavailable");
    assertEquals(bucket.seen.length - before, 1);
  }
});

Deno.test("a slow sender is waited for: only the bucket is timed", async () => {
  await using bucket = startScriptedBucket(() => new Response(null, { headers: { etag } }));
  const store = openBucket(bucket.settings, SHORT);
  let left = 3;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, SHORT.silenceMs * 1.5));
      controller.enqueue(bytes);
      if (--left === 0) controller.close();
    },
  });
  assertEquals(await store.put({ key: "a", body, size: 30, contentType }), etag);
  const [{ headers, body: sent }] = bucket.seen as [typeof bucket.seen[0]];
  assertEquals([headers.get("content-length"), headers.get("content-type"), sent.length], [
    "30",
    contentType,
    30,
  ]);
});

Deno.test("a download that stops, or ends early, fails and never looks whole", async (t) => {
  const cases: Record<string, (controller: ReadableStreamDefaultController) => void> = {
    "it stops": () => {},
    "its connection breaks": (controller) => controller.error(new Error("gone")),
  };
  for (const [what, after] of Object.entries(cases)) {
    await t.step(what, async () => {
      await using bucket = startScriptedBucket(() =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(bytes),
            pull: after,
          }),
          { headers: { "content-length": "20", etag } },
        )
      );
      const object = await openBucket(bucket.settings, SHORT).get("a");
      const error = await assertRejects(
        () => new Response(object!.body).bytes(),
        ChatArchiveError,
      );
      assertEquals(error.code, "storage_unavailable");
    });
  }
});

Deno.test("deletes go in requests of 1,000, and each key's own error is told", async () => {
  await using bucket = startScriptedBucket(({ body }) => {
    const errors = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)]
      .filter(([, key]) => key!.endsWith("7"))
      .map(([, key]) => `<Error><Key>${key}</Key><Code>AccessDenied</Code></Error>`);
    return new Response(`<DeleteResult>${errors.join("")}</DeleteResult>`, {
      headers: { "content-type": "application/xml" },
    });
  });
  const keys = Array.from({ length: 2500 }, (_, n) => `k${n}`);
  const failures = await openBucket(bucket.settings).deleteMany(keys);
  const posts = bucket.seen.filter(({ method }) => method === "POST");
  assertEquals(posts.map(({ body }) => body.split("<Key>").length - 1), [1000, 1000, 500]);
  assertEquals(
    failures,
    keys.filter((key) => key.endsWith("7")).map((key) => ({ key, code: "AccessDenied" })),
  );
});

Deno.test("deleting below a prefix goes page by page, and tells what failed", async () => {
  const page = (keys: string[], next?: string) =>
    `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>` +
    (next ? `<NextContinuationToken>${next}</NextContinuationToken>` : "") +
    keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("") +
    "</ListBucketResult>";
  await using bucket = startScriptedBucket(({ method, url }) => {
    const xml = method === "POST"
      ? "<DeleteResult><Error><Key>p/b</Key><Code>InternalError</Code></Error></DeleteResult>"
      : url.searchParams.has("continuation-token")
      ? page(["p/c"])
      : page(["p/a", "p/b"], "more");
    return new Response(xml, { headers: { "content-type": "application/xml" } });
  });
  const pages = await Array.fromAsync(deletePrefix(openBucket(bucket.settings), "p/"));
  assertEquals(pages[0], {
    deleted: 1,
    spared: [],
    failures: [{ key: "p/b", code: "InternalError" }],
  });
  assertEquals(pages.length, 2);
  const sent = bucket.seen.map(({ method }) => method).filter((method) => method !== "HEAD");
  // First, once: does the bucket keep versions?
  assertEquals(sent, ["GET", "GET", "POST", "GET", "POST"]);
});

/** How a server answers for a bucket that is missing, as far as it can be mistaken. */
const MISSING: Record<string, (request: SeenRequest) => Response> = {
  "AWS: NoSuchBucket": () => s3Error(404, "NoSuchBucket"),
  "Supabase Storage: NoSuchKey": () => s3Error(404, "NoSuchKey"),
  "one that is empty": ({ method, url }) =>
    method === "POST"
      ? xml("<DeleteResult/>")
      : url.searchParams.has("list-type")
      ? xml("<ListBucketResult/>")
      : s3Error(404, "NoSuchKey"),
};

for (const [kind, answer] of Object.entries(MISSING)) {
  Deno.test(`a missing bucket is never a missing object (${kind})`, async () => {
    await using bucket = startScriptedBucket((request) =>
      request.method === "HEAD" ? new Response(null, { status: 404 }) : answer(request)
    );
    const store = openBucket(bucket.settings);
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const error = await assertRejects(() => operation(store), ChatArchiveError);
      assertEquals(error.code, "storage_unavailable", name);
    }
  });
}

const isHeadBucket = ({ method, url }: SeenRequest) =>
  method === "HEAD" && /^\/scripted\/?$/.test(url.pathname);

const looks = ({ seen }: ScriptedBucket) => seen.filter(isHeadBucket).length;

/** A bucket that holds nothing; `there` says whether it is there itself. */
function emptyBucket(there: () => boolean): ScriptedBucket {
  return startScriptedBucket((request) =>
    isHeadBucket(request)
      ? new Response(null, { status: there() ? 200 : 404 })
      : request.method === "HEAD"
      ? new Response(null, { status: 404 })
      : s3Error(404, "NoSuchKey")
  );
}

Deno.test("that a bucket is there is asked once for many objects that are not", async () => {
  await using bucket = emptyBucket(() => true);
  const store = openBucket(bucket.settings, { ...SHORT, operationMs: 5000, presenceMs: Infinity });
  const found = await Promise.all([
    ...Array.from({ length: 5 }, (_, n) => store.get(`${n}`)),
    ...Array.from({ length: 5 }, (_, n) => store.bytes(`${n}`)),
    store.head("a"),
    store.copy("a", "b", contentType),
  ]);
  assertEquals(found, [...Array(11).fill(null), false]);
  assertEquals(await store.get("b"), null);
  assertEquals(looks(bucket), 1);
});

Deno.test("an answer that the bucket is there holds for its time, and a refusal not at all", async () => {
  let there = true;
  await using bucket = emptyBucket(() => there);
  const store = openBucket(bucket.settings, { ...SHORT, operationMs: 5000 });
  assertEquals([await store.get("a"), await store.get("a"), looks(bucket)], [null, null, 2]);
  there = false;
  await assertRejects(() => store.get("a"), ChatArchiveError);
  await assertRejects(() => store.get("a"), ChatArchiveError);
  there = true;
  assertEquals(await store.get("a"), null);
});
