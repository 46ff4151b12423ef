/**
 * What this project relies on in a bucket, on each kind (`deno task test --bucket`); with
 * `deno task test --external-s3 tests/storage/endpoint.test.ts` on the one of S3_*. What kinds differ in,
 * and nothing may rely on, is in unsigned_headers.test.ts and conditions.test.ts.
 */
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { deletePrefix } from "../../tools/storage/delete_prefix.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { allowedOrigin, testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { alteredPuts, plainPut, SIGNED_BYTES, signedUrl } from "../support/buckets/altered_puts.ts";
import { scratch } from "../support/buckets/scratch.ts";
import { CONTENT_TYPE } from "../support/buckets/signed_put.ts";

const bytes = SIGNED_BYTES;
const contentType = CONTENT_TYPE;

/** Sends a request, and reads nothing. */
async function statusOf(url: string | URL, init: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return response.status;
}

testOnEachBucket(
  "a signed PUT stores what was signed, and nothing else is stored",
  async ({ settings }, t) => {
    await using place = scratch(settings);
    assertEquals((await plainPut(await signedUrl(place, "stored"))).status, 200);
    for (const [what, attempt] of Object.entries(alteredPuts(place))) {
      await t.step(`refused: ${what}`, async () => {
        const { status } = await attempt();
        assert(status >= 400 && status < 500, `${status}`);
        assertEquals(await place.keys(), [`${place.prefix}stored`]);
      });
    }
  },
);

testOnEachBucket(
  "a signed GET answers with the name and type that were signed, without them altered",
  async ({ settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const key = `${prefix}a`;
    await store.put({ key, body: bytes, size: 10, contentType });
    const url = new URL(
      await store.presignGet({
        key,
        fileName: "Отчёт 😀.png",
        contentType,
        expiresIn: 60,
        disposition: "attachment",
      }),
    );
    const response = await fetch(url);
    assertEquals(await response.bytes(), bytes);
    assertEquals(response.headers.get("content-type"), contentType);
    assertStringIncludes(
      response.headers.get("content-disposition") ?? "",
      "filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%F0%9F%98%80.png",
    );
    url.searchParams.set("response-content-type", "text/html");
    assertEquals(await statusOf(url, {}), 403);
    assertEquals(await statusOf(store.address(key), {}) >= 400, true, "without a signature");
  },
);

testOnEachBucket("wrong credentials open nothing", async ({ settings }) => {
  await using place = scratch(settings);
  const key = `${place.prefix}a`;
  for (
    const wrong of [{ secretAccessKey: "wrong" }, { accessKeyId: "wrong" }, { bucket: "not-there" }]
  ) {
    const other = openBucket({ ...settings, ...wrong });
    const attempts = [
      () => other.put({ key, body: bytes, size: 10, contentType }),
      () => other.head(key),
      () => other.get(key),
      () => other.bytes(key),
      () => other.copy(key, `${key}2`, contentType),
      () => other.scan(key, (pieces) => Array.fromAsync(pieces)),
      () => other.deleteMany([key]),
      () => Array.fromAsync(other.list(place.prefix)),
      () => other.check(),
    ];
    for (const attempt of attempts) {
      const error = await assertRejects(attempt, ChatArchiveError);
      assertEquals(error.code, "storage_unavailable");
      assert(error.cause instanceof Error);
    }
  }
  assertEquals(await place.keys(), []);
});

testOnEachBucket(
  "bytes and streams are stored, and read whole or in part",
  async ({ settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const key = `${prefix}a`;
    assertEquals([await store.head(key), await store.get(key)], [null, null]);
    const etag = await store.put({
      key,
      body: new Blob(["01234", "56789"]).stream(),
      size: 10,
      contentType,
    });
    const head = await store.head(key);
    assertEquals([head?.size, head?.contentType, head?.etag], [10, contentType, etag]);
    assert(Math.abs(head!.modified.getTime() - Date.now()) < 15 * 60_000);

    const read = async (which: Parameters<typeof store.get>[1]) => {
      const object = await store.get(key, which);
      return object && [object.size, await new Response(object.body).text()];
    };
    assertEquals(await read({}), [10, "0123456789"]);
    assertEquals(await read({ range: { start: 2, end: 4 } }), [3, "234"]);
    assertEquals(await read({ range: { start: 8, end: 99 } }), [2, "89"]);
    assertEquals(await read({ etag }), [10, "0123456789"]);

    await store.put({ key, body: new Uint8Array(), size: 0, contentType });
    assertEquals(await read({}), [0, ""]);
  },
);

testOnEachBucket("an upload that breaks off stores nothing", async ({ settings }) => {
  await using place = scratch(settings);
  const { store, prefix } = place;
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull: () => Promise.reject(new RangeError("the disk is gone")),
  });
  await assertRejects(
    () => store.put({ key: `${prefix}a`, body: broken, size: 20, contentType }),
    RangeError,
  );
  for (const size of [9, 11]) {
    const body = new Blob([bytes]).stream();
    const error = await assertRejects(
      () => store.put({ key: `${prefix}a`, body, size, contentType }),
      ChatArchiveError,
    );
    assertEquals(error.code, "invalid_request");
  }
  assertEquals(await place.keys(), []);
});

testOnEachBucket(
  "a copy has the bytes of its source and the type that is asked for",
  async ({ settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const [from, to] = [`${prefix}from`, `${prefix}to`];
    await store.put({ key: from, body: bytes, size: 10, contentType });
    assertEquals(await store.copy(`${prefix}none`, to, contentType), false);
    assertEquals(await store.head(to), null);
    assertEquals(await store.copy(from, to, "image/gif"), true);
    assertEquals((await store.head(to))?.contentType, "image/gif");
    assertEquals(await new Response((await store.get(to))!.body).bytes(), bytes);
  },
);

testOnEachBucket(
  "lists come whole, in order, with sizes; deletes take any number of keys",
  async ({ settings }) => {
    await using place = scratch(settings);
    const { store, prefix } = place;
    const keys = Array.from({ length: 1203 }, (_, n) => `${prefix}${String(n).padStart(5, "0")}`);
    const queue = keys.values();
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (const key of queue) await store.put({ key, body: bytes, size: 10, contentType });
    }));
    const pages = await Array.fromAsync(store.list(prefix));
    assert(pages.length > 1 && pages.every(({ length }) => length > 0 && length <= 1000));
    assertEquals(pages.flat().map(({ key }) => key), keys);
    assert(pages.flat().every(({ size }) => size === 10));
    assertEquals(await Array.fromAsync(store.list(`${prefix}x`)), []);

    assertEquals(await store.deleteMany([keys[0]!]), []);
    // The first is gone already: it counts as deleted.
    assertEquals(await store.deleteMany(keys.slice(0, 1201)), []);
    assertEquals(await place.keys(), keys.slice(1201));
    const [kept] = keys.slice(-1) as [string];
    const spared = deletePrefix(store, prefix, () => Promise.resolve(new Set([kept])));
    assertEquals(await Array.fromAsync(spared), [{ deleted: 1, spared: [kept], failures: [] }]);
    assertEquals(await place.keys(), [kept]);
    const rest = deletePrefix(store, prefix);
    assertEquals(await Array.fromAsync(rest), [{ deleted: 1, spared: [], failures: [] }]);
    assertEquals(await place.keys(), []);
  },
);

testOnEachBucket("a browser may PUT and GET: the preflight is answered", async ({ settings }) => {
  await using place = scratch(settings);
  const url = await signedUrl(place, "a");
  const response = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: allowedOrigin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type",
    },
  });
  await response.body?.cancel();
  assertEquals(response.ok, true);
  const { headers } = response;
  assert(["*", allowedOrigin].includes(headers.get("access-control-allow-origin") ?? ""));
  assertStringIncludes(headers.get("access-control-allow-methods") ?? "", "PUT");
});
