/**
 * AWS's own examples: "Signature Calculations for the Authorization Header: Transferring Payload in
 * a Single Chunk" and "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference.
 */
import { SignatureError, verifySignature } from "../../stack/signature.ts";
import { assertEquals, assertThrows } from "@std/assert";

const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
};
const ORIGIN = "https://examplebucket.s3.amazonaws.com";
const SIGNED_AT = Date.UTC(2013, 4, 24);
const SCOPE = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Example {
  method: string;
  path: string;
  headers: Record<string, string>;
  signature: string;
}

const EXAMPLES: Record<string, Example> = {
  "GET Object": {
    method: "GET",
    path: "/test.txt",
    headers: { range: "bytes=0-9", "x-amz-content-sha256": EMPTY },
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  "PUT Object": {
    method: "PUT",
    path: "/test$file.text",
    headers: {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    },
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  "GET Bucket Lifecycle": {
    method: "GET",
    path: "/?lifecycle",
    headers: { "x-amz-content-sha256": EMPTY },
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  "GET Bucket (List Objects)": {
    method: "GET",
    path: "/?max-keys=2&prefix=J",
    headers: { "x-amz-content-sha256": EMPTY },
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
};

function verify({ method, path, headers, signature }: Example, now = SIGNED_AT) {
  const all: Record<string, string> = { ...headers, "x-amz-date": "20130524T000000Z" };
  const names = [...Object.keys(all), "host"].toSorted().join(";");
  all["authorization"] = `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${names},` +
    `Signature=${signature}`;
  const request = { method, url: new URL(ORIGIN + path), headers: new Headers(all) };
  return verifySignature(request, credentials, now);
}

const PRESIGNED = `${ORIGIN}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256` +
  `&X-Amz-Credential=${encodeURIComponent(SCOPE)}&X-Amz-Date=20130524T000000Z` +
  "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
  "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

function verifyPresigned(url: string, now = SIGNED_AT) {
  const request = { method: "GET", url: new URL(url), headers: new Headers() };
  return verifySignature(request, credentials, now);
}

const refusal = (work: () => void) => assertThrows(work, SignatureError).code as string;

for (const [name, example] of Object.entries(EXAMPLES)) {
  Deno.test(`AWS's example passes, and nothing else: ${name}`, () => {
    verify(example);
    const { headers, signature } = example;
    const altered: Example[] = [
      { ...example, method: "HEAD" },
      { ...example, path: example.path.replace("/", "/x") },
      { ...example, path: `${example.path}${example.path.includes("?") ? "&" : "?"}acl` },
      { ...example, headers: { ...headers, "x-amz-content-sha256": "0".repeat(64) } },
      { ...example, signature: signature.replace(/.$/, (last) => last === "0" ? "1" : "0") },
    ];
    for (const one of altered) {
      assertEquals(refusal(() => verify(one)), "SignatureDoesNotMatch", JSON.stringify(one));
    }
  });
}

Deno.test("a header's signature is good for 15 minutes on either side", () => {
  const example = EXAMPLES["GET Object"]!;
  const minutes = (count: number) => SIGNED_AT + count * 60_000;
  verify(example, minutes(15));
  verify(example, minutes(-15));
  for (const late of [16, -16]) {
    assertEquals(refusal(() => verify(example, minutes(late))), "RequestTimeTooSkewed");
  }
});

Deno.test("AWS's presigned example passes for its day, and nothing else does", () => {
  const seconds = (count: number) => SIGNED_AT + count * 1000;
  verifyPresigned(PRESIGNED);
  verifyPresigned(PRESIGNED, seconds(86_400));
  assertEquals(refusal(() => verifyPresigned(PRESIGNED, seconds(86_401))), "AccessDenied");
  for (
    const [from, to] of [
      ["test.txt", "test.txu"],
      ["86400", "86401"],
      ["20130524T000000Z", "20130524T000001Z"],
      ["d404", "d405"],
    ] as const
  ) {
    assertEquals(
      refusal(() => verifyPresigned(PRESIGNED.replace(from, to))),
      "SignatureDoesNotMatch",
      from,
    );
  }
});

Deno.test("a path that is no UTF-8 is refused", () => {
  const example = EXAMPLES["GET Object"]!;
  assertEquals(refusal(() => verify({ ...example, path: "/%ff.txt" })), "InvalidURI");
});
