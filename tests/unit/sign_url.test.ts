/** Our own signing of URLs: against Amazon's reference, its SDK, and what real file names do to it. */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { verifySignature } from "../../stack/signature.ts";
import { contentDisposition } from "../../supabase/functions/_shared/content_disposition.ts";
import { createS3Client } from "../../supabase/functions/_shared/s3_client.ts";
import { getSigner, putSigner } from "../../supabase/functions/_shared/sign_url.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";

const settings = {
  endpoint: undefined,
  publicEndpoint: undefined,
  region: "us-east-1",
  bucket: "examplebucket",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  forcePathStyle: false,
};

Deno.test("the example of the API reference gets its signature", () => {
  const sign = getSigner(settings, "https://s3.amazonaws.com");
  assertEquals(
    sign({ key: "test.txt", expiresIn: 86400 }, new Date("2013-05-24T00:00:00Z")),
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
      "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

Deno.test("any file name, key and address is signed as it is sent; anything changed is refused", () => {
  const endpoints = ["http://127.0.0.1:9000", "https://host.example:8443/storage/v1/s3", undefined];
  for (const endpoint of endpoints) {
    for (
      const fileName of ["a.png", "It's (1) *new*!.png", "Отчёт 日本 😀.png", 'a"b%25+&=~.png']
    ) {
      const sign = getSigner(settings, endpoint);
      const url = new URL(sign({
        key: "user/chat/images/a-b_c.d.png",
        expiresIn: 60,
        contentDisposition: contentDisposition("inline", fileName),
        contentType: "image/png",
      }));
      const check = (url: URL) =>
        verifySignature({ method: "GET", url, headers: new Headers() }, settings);
      check(url);
      assertEquals(
        url.searchParams.get("response-content-disposition"),
        contentDisposition("inline", fileName),
      );
      const changed = new URL(url);
      changed.searchParams.set("response-content-type", "text/html");
      assertThrows(() => check(changed), Error, "signature");
    }
  }
});

Deno.test("the key of a day is not used on the next", () => {
  const sign = getSigner(settings, undefined);
  const request = { key: "a", expiresIn: 60 };
  const days = ["2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"].map((day) => new Date(day));
  const kept = days.map((day) => sign(request, day));
  assertEquals(kept, days.map((day) => getSigner(settings, undefined)(request, day)));
  assert(kept[0] !== kept[1]);
  assertMatch(kept[1]!, /20260102%2Fus-east-1/);
});

/** A URL with its parameters in one order. */
function sorted(address: string): string {
  const url = new URL(address);
  url.searchParams.sort();
  return url.href;
}

const ENDPOINTS = [
  undefined,
  "http://127.0.0.1:9000",
  "http://[::1]:9000/",
  "https://host.example:8443/storage/v1/s3",
];
const KEYS = ["a", "user/chat/incoming/a-1", "It's (1) *new*! + ~", "Отчёт/日本 😀.png", "a//b"];
const TYPES = ["image/png", "application/pdf", 'text/plain; charset="utf-8"'];

Deno.test("a PUT is signed as the SDK signs it", async () => {
  const now = new Date("2026-02-03T04:05:06Z");
  for (const endpoint of ENDPOINTS) {
    for (const forcePathStyle of [true, false]) {
      const place = { ...settings, forcePathStyle };
      const client = await createS3Client(place, endpoint, 1000);
      const sign = putSigner(place, endpoint);
      for (const key of KEYS) {
        for (const [n, contentType] of TYPES.entries()) {
          const size = [0, 1, 5_368_709_120][n]!;
          const theirs = await getSignedUrl(
            client,
            new PutObjectCommand({
              Bucket: place.bucket,
              Key: key,
              ContentType: contentType,
              ContentLength: size,
            }),
            {
              expiresIn: 900,
              signingDate: now,
              signableHeaders: new Set(["content-length", "content-type", "host"]),
            },
          );
          const ours = sign({ key, contentType, size, expiresIn: 900 }, now);
          assertEquals(sorted(ours), sorted(theirs), `${endpoint} ${key} ${contentType}`);
        }
      }
      client.destroy();
    }
  }
});

Deno.test("a signed PUT is good for its length and type, and for no other", () => {
  const sign = putSigner(settings, "http://127.0.0.1:9000");
  const url = new URL(sign({ key: "a/b.png", contentType: "image/png", size: 10, expiresIn: 60 }));
  const check = (headers: Record<string, string>) =>
    verifySignature({ method: "PUT", url, headers: new Headers(headers) }, settings);
  const right = { "content-length": "10", "content-type": "image/png" };
  check(right);
  for (const wrong of [{ "content-length": "11" }, { "content-type": "text/html" }]) {
    assertThrows(() => check({ ...right, ...wrong }), Error, "signature");
  }
});
