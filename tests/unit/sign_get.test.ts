/** Our own signing of GETs: the signatures of Amazon's reference, and of what real file names do to it. */
import { verifySignature } from "../../stack/signature.ts";
import { contentDisposition } from "../../supabase/functions/_shared/content_disposition.ts";
import { getSigner } from "../../supabase/functions/_shared/sign_get.ts";
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
