/** The embedded bucket's gate believes only what was signed. */
import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { SignatureError, verifySignature } from "../../stack/signature.ts";
import { assertEquals, assertThrows } from "@std/assert";

const credentials = { accessKeyId: "AKID", secretAccessKey: "secret", region: "local" };
const store = openBucket({
  endpoint: "http://127.0.0.1:9/storage/v1/s3",
  publicEndpoint: "http://127.0.0.1:9/storage/v1/s3",
  bucket: "bucket",
  forcePathStyle: true,
  ...credentials,
});
const headers = new Headers({ "content-type": "image/png", "content-length": "10" });
const sign = async (expiresIn = 60) =>
  new URL(await store.presignPut({ key: "a/b", contentType: "image/png", size: 10, expiresIn }));

const verify = (url: URL, change: { headers?: Headers; method?: string; now?: number } = {}) =>
  verifySignature(
    { method: change.method ?? "PUT", url, headers: change.headers ?? headers },
    credentials,
    change.now,
  );

const refusal = (work: () => void) => assertThrows(work, SignatureError).code as string;

Deno.test("what was signed passes", async () => verify(await sign()));

Deno.test("a URL dies on time, and is not valid before it was made", async () => {
  const url = await sign(60);
  verify(url, { now: Date.now() + 58_000 });
  assertEquals(refusal(() => verify(url, { now: Date.now() + 62_000 })), "AccessDenied");
  assertEquals(refusal(() => verify(url, { now: Date.now() - 16 * 60_000 })), "AccessDenied");
});

Deno.test("another method, header, path, query, key or secret is refused", async () => {
  const url = await sign();
  assertEquals(refusal(() => verify(url, { method: "GET" })), "SignatureDoesNotMatch");
  for (const [name, value] of [["content-length", "11"], ["content-type", "text/html"]] as const) {
    const changed = new Headers(headers);
    changed.set(name, value);
    assertEquals(refusal(() => verify(url, { headers: changed })), "SignatureDoesNotMatch");
  }
  const extra = new Headers(headers);
  extra.set("x-amz-copy-source", "/bucket/other");
  assertEquals(refusal(() => verify(url, { headers: extra })), "AccessDenied");

  const changed = (change: (url: URL) => void) => {
    const copy = new URL(url);
    change(copy);
    return verify(copy);
  };
  const cases: [string, (url: URL) => void][] = [
    ["SignatureDoesNotMatch", (u) => u.pathname += "c"],
    ["SignatureDoesNotMatch", (u) => u.host = "127.0.0.1:10"],
    ["SignatureDoesNotMatch", (u) => u.searchParams.set("X-Amz-Expires", "61")],
    ["SignatureDoesNotMatch", (u) => u.searchParams.append("uploads", "")],
    ["AccessDenied", (u) => u.searchParams.set("X-Amz-SignedHeaders", "content-type")],
    ["AccessDenied", (u) => u.searchParams.delete("X-Amz-Signature")],
    ["AuthorizationQueryParametersError", (u) => u.searchParams.set("X-Amz-Expires", "604801")],
    ["InvalidAccessKeyId", (u) => {
      const scope = u.searchParams.get("X-Amz-Credential")!;
      u.searchParams.set("X-Amz-Credential", scope.replace("AKID", "OTHER"));
    }],
    ["SignatureDoesNotMatch", (u) => {
      const scope = u.searchParams.get("X-Amz-Credential")!;
      u.searchParams.set("X-Amz-Credential", scope.replace("/s3/", "/iam/"));
    }],
  ];
  for (const [code, change] of cases) assertEquals(refusal(() => changed(change)), code);

  const wrong = { ...credentials, secretAccessKey: "other" };
  const request = { method: "PUT", url, headers };
  assertEquals(refusal(() => verifySignature(request, wrong)), "SignatureDoesNotMatch");
});
