/**
 * What is refused, and with which code: altered requests, strangers, wrong keys, a bucket that is missing.
 *
 * @module
 */
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";
import { alteredPuts, plainPut, signedUrl } from "../../support/buckets/altered_puts.ts";
import { anonymousGet, send } from "../../support/buckets/signed_put.ts";
import { clientOf, type Ground, outcomeOf, type Questions, stored, told } from "./ground.ts";

/** Of what a PUT binds. */
export function bindings({ place }: Ground): Questions {
  const altered = Object.entries(alteredPuts(place))
    .map(([name, attempt]) => [name, async () => told(await attempt())] as const);
  return {
    "as it was signed": async () => told(await plainPut(await signedUrl(place, "a"))),
    ...Object.fromEntries(altered),
  };
}

/** Of those who have no key. */
export function strangers(ground: Ground): Questions {
  const { place } = ground;
  const root = place.store.address("");
  const preflight = async (headers: string) => {
    const answer = await send(await signedUrl(place, "cors"), {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": headers,
      },
    });
    const allowed = ["origin", "methods", "headers"].map((name) =>
      `${name} ${answer.headers.get(`access-control-allow-${name}`) ?? "none"}`
    );
    return [told(answer), ...allowed].join(", ");
  };
  return {
    "read without a signature": async () =>
      told(await anonymousGet(place.store, await stored(ground, "closed"))),
    "list without a signature": async () => told(await send(`${root}?list-type=2&max-keys=1`)),
    "preflight of a PUT": () => preflight("content-type"),
    "preflight, one header more": () => preflight("content-type,x-amz-copy-source"),
    "signed name, altered": async () => {
      const key = await stored(ground, "named");
      const url = new URL(
        await place.store.presignGet({
          key,
          fileName: "a.png",
          contentType: "image/png",
          expiresIn: 60,
          disposition: "inline",
        }),
      );
      url.searchParams.set("response-content-type", "text/html");
      return told(await send(String(url)));
    },
  };
}

/** Each operation, on a bucket that is set up otherwise. */
async function operations(
  { sdk, place }: Ground,
  other: BucketSettings,
): Promise<Questions> {
  const s3 = await clientOf(other);
  const Bucket = other.bucket;
  const Key = `${place.prefix}x`;
  const Delete = { Objects: [{ Key }] };
  return {
    HeadBucket: () => outcomeOf(s3.send(new sdk.HeadBucketCommand({ Bucket }))),
    HeadObject: () => outcomeOf(s3.send(new sdk.HeadObjectCommand({ Bucket, Key }))),
    GetObject: () => outcomeOf(s3.send(new sdk.GetObjectCommand({ Bucket, Key }))),
    PutObject: () => outcomeOf(s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: "a" }))),
    CopyObject: () =>
      outcomeOf(
        s3.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}-from` })),
      ),
    DeleteObject: () => outcomeOf(s3.send(new sdk.DeleteObjectCommand({ Bucket, Key }))),
    DeleteObjects: () =>
      outcomeOf(
        s3.send(new sdk.DeleteObjectsCommand({ Bucket, Delete })),
        ({ Errors = [], Deleted = [] }) =>
          `200, ${Deleted.length} deleted, ${Errors.map(({ Code }) => Code).join() || "no error"}`,
      ),
    ListObjectsV2: () =>
      outcomeOf(
        s3.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: place.prefix, MaxKeys: 1 })),
        ({ KeyCount = 0 }) => `200, ${KeyCount} keys`,
      ),
    GetBucketVersioning: () =>
      outcomeOf(
        s3.send(new sdk.GetBucketVersioningCommand({ Bucket })),
        ({ Status }) => `200, status ${Status ?? "none"}`,
      ),
    ListObjectVersions: () =>
      outcomeOf(
        s3.send(new sdk.ListObjectVersionsCommand({ Bucket, Prefix: place.prefix })),
        ({ Versions = [], DeleteMarkers = [] }) =>
          `200, ${Versions.length} versions, ${DeleteMarkers.length} markers`,
      ),
  };
}

/** Of an object that is missing, where the bucket is there. */
export const missingObject = (ground: Ground): Promise<Questions> =>
  operations(ground, ground.settings);

/** Of a bucket that is missing. */
export const missingBucket = (ground: Ground): Promise<Questions> =>
  operations(ground, { ...ground.settings, bucket: `missing-${crypto.randomUUID()}` });

/** Of a secret that is wrong. */
export const wrongSecret = (ground: Ground): Promise<Questions> =>
  operations(ground, { ...ground.settings, secretAccessKey: "wrong" });

/** Of an access key that nobody has. */
export const wrongKey = (ground: Ground): Promise<Questions> =>
  operations(ground, { ...ground.settings, accessKeyId: "WRONG" });
