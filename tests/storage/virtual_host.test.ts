/** Buckets that are named in the host: `bucket.endpoint/key`. */
import http from "node:http";
import { ChatArchiveError } from "@shared/errors.ts";
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { bucketOf } from "../../tools/operator_bucket.ts";
import { bucket, stack } from "../support/stack.ts";

const bytes = new TextEncoder().encode("0123456789");
const contentType = "image/png";

/** The stack's bucket, under a name that is this machine's by definition (RFC 6761, 6.3). */
const settings = {
  ...bucketOf(stack),
  endpoint: stack.STORAGE_S3_URL.replace("127.0.0.1", "localhost"),
  publicEndpoint: stack.STORAGE_S3_URL.replace("127.0.0.1", "localhost"),
  forcePathStyle: false,
};
const store = openBucket(settings);

// Names below localhost are this machine's, but not every resolver knows them.
const { request } = http;
http.request = ((options: http.RequestOptions, ...rest: []) =>
  request(
    { ...options, host: options.host?.replace(/^.*\.localhost$/, "127.0.0.1") },
    ...rest,
  )) as typeof request;

/** Sends a request. `fetch` would ask the resolver. */
function send(address: string, method: string, body?: Uint8Array) {
  const url = new URL(address);
  const answer = Promise.withResolvers<{ status: number; body: string }>();
  const outgoing = http.request({
    host: url.hostname,
    port: url.port,
    path: url.pathname + url.search,
    method,
    headers: {
      host: url.host,
      ...(body ? { "content-type": contentType, "content-length": body.length } : {}),
    },
  }, async (incoming) => {
    let text = "";
    for await (const chunk of incoming) text += chunk;
    answer.resolve({ status: incoming.statusCode ?? 0, body: text });
  });
  outgoing.on("error", answer.reject);
  outgoing.end(body);
  return answer.promise;
}

Deno.test("URLs carry the bucket in their host, and work", async () => {
  const key = `test-${crypto.randomUUID()}/a`;
  const host = `${settings.bucket}.localhost`;
  const put = await store.presignPut({ key, contentType, size: 10, expiresIn: 60 });
  assertEquals(new URL(put).hostname, host);
  assertEquals(new URL(put).pathname, `/storage/v1/s3/${key}`);
  assertEquals((await send(put, "PUT", bytes)).status, 200);
  // The same bucket in path style.
  assertEquals((await bucket.head(key))?.size, 10);

  const get = await store.presignGet({
    key,
    fileName: "a.png",
    contentType,
    expiresIn: 60,
    disposition: "inline",
  });
  assertEquals(await send(get, "GET"), { status: 200, body: "0123456789" });
  assertEquals((await send(get.replace(host, "other.localhost"), "GET")).status, 403);
  assertEquals(store.address(key), `http://${host}:${new URL(put).port}/storage/v1/s3/${key}`);
  assertEquals((await send(store.address(key), "GET")).status, 403, "unsigned");
  await bucket.deleteMany([key]);
});

Deno.test("every operation reaches the bucket that the host names", async () => {
  const prefix = `test-${crypto.randomUUID()}/`;
  const [a, b] = [`${prefix}a`, `${prefix}b`];
  await store.check();
  await store.put({ key: a, body: bytes, size: 10, contentType });
  assertEquals(await store.copy(a, b, contentType), true);
  assertEquals((await store.head(b))?.size, 10);
  const object = await store.get(b, { range: { start: 1, end: 3 } });
  assertEquals(await new Response(object!.body).text(), "123");
  const pages = await Array.fromAsync(store.list(prefix));
  assertEquals(pages.flat().map(({ key }) => key), [a, b]);
  await store.deleteMany([a]);
  assertEquals(await store.deleteMany([b]), []);
  assertEquals(await bucket.head(b), null, "the same in path style");
  const other = openBucket({ ...settings, bucket: "other" });
  await assertRejects(() => other.check(), ChatArchiveError);
});

Deno.test("an address that is a number has no names below it: the bucket is in the path", async () => {
  const numbered = openBucket({ ...bucketOf(stack), forcePathStyle: false });
  const put = await numbered.presignPut({ key: "a", contentType, size: 10, expiresIn: 60 });
  const { origin, pathname } = new URL(put);
  assertEquals(numbered.address("a"), origin + pathname);
  assertEquals(pathname, `/storage/v1/s3/${stack.S3_BUCKET}/a`);
});
