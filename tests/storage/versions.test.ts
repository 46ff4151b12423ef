/** Whether a bucket keeps versions: told from what real servers answer, and on a real one. */
import { DeleteObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { ChatArchiveError } from "@shared/errors.ts";
import { createS3Client } from "../../supabase/functions/_shared/s3_client.ts";
import { bucketOpener, openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { S3_TIMEOUTS } from "../../supabase/functions/_shared/s3_timeouts.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import { keepsVersions } from "../../supabase/functions/_shared/s3_versions.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { buckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { ownBucket } from "../support/buckets/own_bucket.ts";
import { s3Error, type SeenRequest, startScriptedBucket } from "../support/scripted_bucket.ts";
import { exported, run } from "../support/storage_command.ts";

const TIMEOUT_MS = 10_000;
const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

const versioning = (body: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration ${NAMESPACE}>${body}` +
  "</VersioningConfiguration>";
const suspended = versioning("<Status>Suspended</Status>");
const versions = (body: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult ${NAMESPACE}><Name>b</Name>` +
  `<IsTruncated>false</IsTruncated>${body}</ListVersionsResult>`;
const version = (id: string, isLatest: boolean) =>
  `<Version><Key>a</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest>` +
  '<ETag>"0"</ETag><Size>1</Size></Version>';
const marker = (id: string, isLatest: boolean) =>
  `<DeleteMarker><Key>a</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest>` +
  "</DeleteMarker>";

/** Answers to GetBucketVersioning and to ListObjectVersions, as these servers give them. */
const RECORDED: Record<
  string,
  [state: string | Response, listed: string | Response, "yes" | "no" | "unknown"]
> = {
  "AWS, never switched on": [versioning(""), versions(version("null", true)), "no"],
  "AWS, on": [versioning("<Status>Enabled</Status>"), versions(""), "yes"],
  "AWS, suspended, with versions from before": [
    suspended,
    versions(version("null", true) + version("3HL4kqtJvjVBH40Nrjfkd", false)),
    "yes",
  ],
  "AWS, suspended, a version behind a marker": [
    suspended,
    versions(version("3HL4kqtJvjVBH40Nrjfkd", false) + marker("null", true)),
    "yes",
  ],
  "AWS, suspended, and nothing was ever kept": [
    suspended,
    versions(version("null", true) + marker("null", true)),
    "no",
  ],
  "AWS, suspended, a key that may not list versions": [
    suspended,
    s3Error(403, "AccessDenied"),
    "unknown",
  ],
  "AWS, a key that may not ask": [s3Error(403, "AccessDenied"), versions(""), "unknown"],
  "Ceph, never switched on": [versioning(""), versions(version("null", true)), "no"],
  "Ceph, suspended, with versions from before": [
    suspended,
    versions(version("LoBBfqLzHUzxoWCmCHhxeLqtkqgWxwO", true)),
    "yes",
  ],
  "MinIO, never switched on": [versioning(""), versions(version("null", true)), "no"],
  "MinIO, on, but for some prefixes": [
    versioning(
      "<Status>Enabled</Status><ExcludedPrefixes><Prefix>x/*</Prefix></ExcludedPrefixes>",
    ),
    versions(""),
    "yes",
  ],
  "MinIO, suspended, with versions from before": [
    suspended,
    versions(version("65a2e0bb-c4ee-4c35-9d0c-7a8b7c9f4d7b", true)),
    "yes",
  ],
  // It has no list of versions: the request is taken for a list of objects.
  "Supabase Storage": [
    versioning("<Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>"),
    "<ListBucketResult><Name>b</Name><Contents><Key>a</Key><Size>1</Size></Contents>" +
    "<IsTruncated>false</IsTruncated></ListBucketResult>",
    "no",
  ],
  "R2": [s3Error(501, "NotImplemented"), s3Error(501, "NotImplemented"), "no"],
};

const answer = (recorded: string | Response) =>
  recorded instanceof Response
    ? recorded.clone()
    : new Response(recorded, { headers: { "content-type": "application/xml" } });

const keeps = (client: S3Client, bucket: string) =>
  keepsVersions(client, bucket, AbortSignal.timeout(TIMEOUT_MS));

for (const [server, [state, listed, expected]] of Object.entries(RECORDED)) {
  Deno.test(`versions are told right: ${server}`, async () => {
    await using bucket = startScriptedBucket(({ url }) =>
      answer(url.searchParams.has("versioning") ? state : listed)
    );
    const client = await createS3Client(bucket.settings, bucket.settings.endpoint, TIMEOUT_MS);
    assertEquals(await keeps(client, bucket.settings.bucket), expected);
    client.destroy();
  });
}

Deno.test("versions beyond the first page of a list are found", async () => {
  const page = (body: string, next = "") =>
    `<ListVersionsResult><IsTruncated>${next !== ""}</IsTruncated>` +
    (next
      ? `<NextKeyMarker>${next}</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>`
      : "") +
    `${body}</ListVersionsResult>`;
  await using bucket = startScriptedBucket(({ url }) =>
    answer(
      url.searchParams.has("versioning")
        ? suspended
        : url.searchParams.get("key-marker") === "a"
        ? page(version("3HL4kqtJvjVBH40Nrjfkd", false))
        : page(version("null", true), "a"),
    )
  );
  const client = await createS3Client(bucket.settings, bucket.settings.endpoint, TIMEOUT_MS);
  assertEquals(await keeps(client, bucket.settings.bucket), "yes");
  client.destroy();
});

const versioned = buckets.filter(({ kind }) => kind === "ceph");

testOnEachBucket(
  "a real bucket, from its first day to versions that are gone",
  async ({ settings }) => {
    await using own = await ownBucket(settings);
    const told = () => keeps(own.client, own.bucket);
    await own.put("1");
    assertEquals(await told(), "no");
    await own.become("Enabled");
    assertEquals(await told(), "yes");
    await own.put("2");
    await own.delete();
    assertEquals((await own.list()).map(({ isMarker }) => isMarker).toSorted(), [
      false,
      false,
      true,
    ]);
    await own.become("Suspended");
    assertEquals(await told(), "yes", "what was kept is still there");
    await own.empty();
    assertEquals(await told(), "no");
  },
  versioned,
);

/** Opens it as functions do, without what one process remembers. */
const storeOf = (settings: BucketSettings, bucket: string) =>
  openBucket({ ...settings, bucket }, { ...S3_TIMEOUTS, versioningMs: 0 });

const bytes = new Uint8Array(3);
const object = (key: string) => ({ key, body: bytes, size: 3, contentType: "image/png" });

for (const status of ["Enabled", "Suspended"] as const) {
  testOnEachBucket(`a delete removes every version and marker (${status})`, async (under) => {
    await using own = await ownBucket(under.settings);
    const store = storeOf(under.settings, own.bucket);
    await own.become("Enabled");
    // One and many of a folder: these are listed in two ways.
    const many = Array.from({ length: 30 }, (_, n) => `b/${String(n).padStart(2, "0")}`);
    for (const key of ["a/1", "a/12", ...many, "b/000", "b/31"]) {
      await store.put(object(key));
      await store.put(object(key));
    }
    await own.client.send(new DeleteObjectCommand({ Bucket: own.bucket, Key: "a/1" }));
    if (status === "Suspended") {
      await own.become("Suspended");
      await store.put(object("a/1"));
      await own.client.send(new DeleteObjectCommand({ Bucket: own.bucket, Key: "b/05" }));
    }
    assertEquals(await store.deleteMany(["a/1", "absent", ...many]), []);
    assertEquals((await own.list()).map(({ key }) => key), [
      "a/12",
      "a/12",
      "b/000",
      "b/000",
      "b/31",
      "b/31",
    ]);
  }, versioned);
}

testOnEachBucket("a list tells of what is hidden, each key once", async ({ settings }) => {
  await using own = await ownBucket(settings);
  const store = storeOf(settings, own.bucket);
  await own.become("Enabled");
  for (const key of ["a", "b", "b", "c"]) await store.put(object(key));
  for (const Key of ["a", "d"]) {
    await own.client.send(new DeleteObjectCommand({ Bucket: own.bucket, Key }));
  }
  const told = async (options?: Parameters<typeof store.list>[1]) =>
    (await Array.fromAsync(store.list("", options))).flat().map((one) =>
      one.hidden ? `(${one.key})` : one.key
    );
  assertEquals(await told(), ["b", "c"]);
  assertEquals(await told({ hidden: true }), ["(a)", "b", "c", "(d)"]);
  assertEquals(await told({ hidden: true, after: "a" }), ["b", "c", "(d)"]);
}, versioned);

testOnEachBucket("a bucket that begins to keep versions is asked again", async ({ settings }) => {
  await using own = await ownBucket(settings);
  const store = storeOf(settings, own.bucket);
  await store.put(object("a"));
  assertEquals([await store.deleteMany(["a"]), await store.keysPerBatch()], [[], 1000]);
  await own.become("Enabled");
  await store.put(object("a"));
  assertEquals([await store.deleteMany(["a"]), await store.keysPerBatch()], [[], 100]);
  assertEquals(await own.list(), []);
}, versioned);

testOnEachBucket("a key that may not ask: a delete is tried", async ({ settings }) => {
  await using own = await ownBucket(settings);
  const store = storeOf(settings, own.bucket);
  await own.forbid("s3:GetBucketVersioning");
  await store.put(object("a"));
  assertEquals(await store.deleteMany(["a"]), []);
  assertEquals(await own.list(), []);
  await own.become("Enabled");
  await store.put(object("a"));
  assertEquals(await store.deleteMany(["a"]), []);
  // The marker of what was tried is all that is left.
  assertEquals((await own.list()).map(({ key }) => key), ["chat-archive/nothing"]);
}, versioned);

testOnEachBucket("rm and rm-prefix remove versions, too", async ({ settings }) => {
  await using own = await ownBucket(settings);
  const store = storeOf(settings, own.bucket);
  await own.become("Enabled");
  for (const key of ["a", "p/a", "p/a", "p/b"]) await store.put(object(key));
  await own.client.send(new DeleteObjectCommand({ Bucket: own.bucket, Key: "p/b" }));
  const env = exported({ ...settings, bucket: own.bucket });
  assertEquals((await run(["rm", "a", "--force"], { env })).code, 0);
  const { code, lines } = await run(["rm-prefix", "p/", "--force", "--yes"], { env });
  assertEquals([code, lines], [0, ["deleted 2 objects"]]);
  assertEquals(await own.list(), []);
}, versioned);

/** A bucket whose lists of versions are pages of two: of `p/a` seven, of `p/b` and `p/c` one each. */
function bucketOfPages() {
  let all = [..."7654321"].map((id) => ({ key: "p/a", id }))
    .concat(["p/b", "p/c"].map((key) => ({ key, id: "1" })));
  /** Of each request, what it listed or deleted. */
  const requests: string[] = [];
  const server = startScriptedBucket(({ method, url, body }) => {
    if (url.searchParams.has("versioning")) return answer(RECORDED["AWS, on"]![0]);
    if (method === "POST") {
      const doomed = [...body.matchAll(/<Key>([^<]+)<\/Key><VersionId>(\d)</g)]
        .map(([, key, id]) => `${key}${id}`);
      requests.push(`delete ${doomed.join(" ")}`);
      all = all.filter(({ key, id }) => !doomed.includes(key + id));
      return answer("<DeleteResult></DeleteResult>");
    }
    if (!url.searchParams.has("versions")) return new Response(null);
    const prefix = url.searchParams.get("prefix")!;
    const [marker, id] = ["key-marker", "version-id-marker"].map((name) =>
      url.searchParams.get(name)
    );
    const rest = all.filter((one) =>
      one.key.startsWith(prefix) &&
      (!marker || one.key > marker || (one.key === marker && id && one.id < id))
    );
    const page = rest.slice(0, 2);
    requests.push(`list ${page.map(({ key, id }) => key + id).join(" ")}`);
    const more = rest.length > page.length
      ? `<NextKeyMarker>${page[1]!.key}</NextKeyMarker>` +
        `<NextVersionIdMarker>${page[1]!.id}</NextVersionIdMarker>`
      : "";
    const listed = page.map(({ key, id }) =>
      `<Version><Key>${key}</Key><VersionId>${id}</VersionId>` +
      `<IsLatest>${id === "7" || key !== "p/a"}</IsLatest><Size>1</Size></Version>`
    );
    return answer(
      `<ListVersionsResult ${NAMESPACE}><Name>b</Name><IsTruncated>${more !== ""}</IsTruncated>` +
        `${more}${listed.join("")}</ListVersionsResult>`,
    );
  });
  return {
    settings: server.settings,
    requests,
    left: () => all.map(({ key, id }) => key + id),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("of a key with many versions a call deletes some, and a later one goes on", async () => {
  await using bucket = bucketOfPages();
  const open = bucketOpener(bucket.settings, S3_TIMEOUTS, 4);
  const keys = ["p/a", "p/b"];
  const first = open("1");
  const codes = (failures: { key: string; code: string }[]) =>
    failures.map(({ key, code }) => `${key} ${code}`).toSorted();
  assertEquals(codes(await first.deleteMany(["p/a"])), ["p/a MoreVersions"]);
  assertEquals(bucket.left(), ["p/a3", "p/a2", "p/a1", "p/b1", "p/c1"]);
  assertEquals(codes(await first.deleteMany(keys)), ["p/a NotReached", "p/b NotReached"]);
  assertEquals(await open("2").deleteMany(["p/a"]), []);
  assertEquals(await open("3").deleteMany(["p/b"]), []);
  assertEquals(bucket.left(), ["p/c1"]);
});

Deno.test("a list steps over the versions of a key", async () => {
  await using bucket = bucketOfPages();
  const pages = await Array.fromAsync(openBucket(bucket.settings).list("p/", { hidden: true }));
  assertEquals(pages.map((page) => page.map(({ key, hidden }) => [key, hidden])), [
    [["p/a", undefined]],
    [["p/b", undefined], ["p/c", undefined]],
  ]);
  assertEquals(bucket.requests, ["list p/a7 p/a6", "list p/b1 p/c1"]);
});

/** A bucket with two versions of `a`, one of which can't be deleted. */
const locked = ({ url, body }: SeenRequest) => {
  if (url.searchParams.has("versioning")) return answer(RECORDED["AWS, on"]![0]);
  if (url.searchParams.has("versions")) {
    return answer(versions(version("1", true) + version("2", false)));
  }
  if (!body.includes("<VersionId>2</VersionId>")) return new Response(null);
  return answer(
    "<DeleteResult><Error><Key>a</Key><VersionId>2</VersionId><Code>AccessDenied</Code></Error>" +
      "</DeleteResult>",
  );
};

Deno.test("a version that can't be deleted is a failure of its key", async () => {
  await using bucket = startScriptedBucket(locked);
  const store = openBucket(bucket.settings);
  assertEquals(await store.deleteMany(["a"]), [{ key: "a", code: "AccessDenied" }]);
});

Deno.test("where neither the state nor the versions may be asked for, nothing counts as deleted", async () => {
  await using bucket = startScriptedBucket(({ method, url }) =>
    method === "DELETE"
      ? new Response(null, { status: 204, headers: { "x-amz-delete-marker": "true" } })
      : method === "POST"
      ? answer("<DeleteResult></DeleteResult>")
      : url.searchParams.has("versioning") || url.searchParams.has("versions")
      ? s3Error(403, "AccessDenied")
      : new Response(null)
  );
  const error = await assertRejects(
    () => openBucket(bucket.settings).deleteMany(["a"]),
    ChatArchiveError,
  );
  assertEquals((error.cause as Error).name, "AccessDenied");
  assertEquals(bucket.seen.filter(({ method }) => method === "POST"), []);
});

for (
  const [server, requests] of [
    ["AWS, never switched on", ["GET versioning", "POST delete", "HEAD "]],
    ["Supabase Storage", ["GET versioning", "GET versions", "POST delete", "HEAD "]],
    ["R2", ["GET versioning", "POST delete", "HEAD "]],
  ] as const
) {
  Deno.test(`versions cost one question a minute where there are none: ${server}`, async () => {
    const [state, listed] = RECORDED[server]!;
    await using bucket = startScriptedBucket(({ method, url }) =>
      method === "POST"
        ? answer("<DeleteResult></DeleteResult>")
        : url.searchParams.has("versioning")
        ? answer(state)
        : url.searchParams.has("versions")
        ? answer(listed)
        : new Response(null)
    );
    const open = bucketOpener(bucket.settings);
    // Another request of the same process asks nothing again.
    for (const id of ["1", "2", "3"]) assertEquals(await open(id).deleteMany(["a"]), []);
    const seen = bucket.seen.map(({ method, url: { searchParams } }) =>
      `${method} ${
        ["versioning", "versions", "delete"].find((name) => searchParams.has(name)) ?? ""
      }`
    );
    assertEquals(seen, [...requests, "POST delete", "POST delete"]);
  });
}

testOnEachBucket("check leaves no version of its own behind", async ({ settings }) => {
  await using own = await ownBucket(settings);
  await own.become("Enabled");
  await own.put("1");
  const env = exported({ ...settings, bucket: own.bucket });
  const { json } = await run(["check", "--json"], { env });
  const { keeps_versions, warnings } = json();
  assertEquals(keeps_versions, "yes");
  const about = (warnings as string[]).filter((text) => /version|could not be deleted/.test(text));
  assertEquals(about, []);
  assertEquals((await own.list()).map(({ key }) => key), ["a"]);
}, versioned);
