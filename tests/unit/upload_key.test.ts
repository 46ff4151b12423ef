import { openBucket } from "../../supabase/functions/_shared/s3_object_store.ts";
import { assertEquals } from "@std/assert";

const SETTINGS = {
  endpoint: "http://bucket.internal:9000",
  publicEndpoint: "http://bucket.internal:9000",
  region: "local",
  bucket: "chat-archive",
  accessKeyId: "MAIN",
  secretAccessKey: "secret",
  forcePathStyle: true,
};
const uploadKey = { accessKeyId: "UPLOAD", secretAccessKey: "other" };

/** The host of a signed PUT and a signed GET, and the key that each is signed with. */
async function signed(settings: Parameters<typeof openBucket>[0]) {
  const store = openBucket(settings);
  const common = { key: "a/b/incoming/c", contentType: "image/png", expiresIn: 60 };
  const put = await store.presignPut({ ...common, size: 1 });
  const get = await store.presignGet({ ...common, fileName: "c.png", disposition: "inline" });
  return [put, get].map((text) => {
    const { host, searchParams } = new URL(text);
    return [host, searchParams.get("X-Amz-Credential")!.split("/")[0]];
  });
}

Deno.test("PUTs are signed with the key for uploads, and nothing else is", async () => {
  const internal = "bucket.internal:9000";
  assertEquals(await signed(SETTINGS), [[internal, "MAIN"], [internal, "MAIN"]]);
  assertEquals(await signed({ ...SETTINGS, uploadKey }), [[internal, "UPLOAD"], [
    internal,
    "MAIN",
  ]]);
});

Deno.test("PUTs are signed with it for the address that clients reach, too", async () => {
  const publicEndpoint = "https://bucket.example.com";
  const host = "bucket.example.com";
  assertEquals(await signed({ ...SETTINGS, publicEndpoint, uploadKey }), [
    [host, "UPLOAD"],
    [host, "MAIN"],
  ]);
});
