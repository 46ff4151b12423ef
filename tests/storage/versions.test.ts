/** Whether a bucket keeps versions: told from what real servers answer, and on a real one. */
import type { S3Client } from "@aws-sdk/client-s3";
import { createS3Client } from "../../supabase/functions/_shared/s3_client.ts";
import { keepsVersions } from "../../supabase/functions/_shared/s3_versions.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { buckets, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { ownBucket } from "../support/buckets/own_bucket.ts";
import { s3Error, startScriptedBucket } from "../support/scripted_bucket.ts";
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

testOnEachBucket("check leaves no version of its own behind", async ({ settings }) => {
  await using own = await ownBucket(settings);
  await own.become("Enabled");
  await own.put("1");
  const env = exported({ ...settings, bucket: own.bucket });
  const { code, notes } = await run(["check"], { env });
  assertEquals(code, 1);
  assertMatch(notes[1]!, /^warning: the bucket keeps versions/);
  assertEquals((await own.list()).map(({ key }) => key), ["a"]);
}, versioned);
