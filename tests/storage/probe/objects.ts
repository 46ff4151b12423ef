/**
 * How objects are stored, told, listed and deleted.
 *
 * @module
 */
import { eachOf } from "@shared/async.ts";
import { createHash } from "node:crypto";
import { type Ground, outcomeOf, type Questions, stored } from "./ground.ts";

/** One more than S3 lists, or deletes, at a time. */
const MANY = 1001;
/** Requests at the same time. */
const AT_ONCE = 16;
const BODY = "0123456789";
const OTHER_ETAG = `"${"0".repeat(32)}"`;

const sum = (name: "md5" | "sha256", text: string) => createHash(name).update(text).digest();

/** How an ETag is written. */
function form(etag: string | undefined): string {
  if (etag === undefined) return "none";
  const md5 = etag.replaceAll('"', "") === sum("md5", BODY).toString("hex");
  return `${etag.startsWith('"') ? "quoted" : "bare"} ${md5 ? "md5" : "other"}`;
}

/** Questions about conditions and ETags. */
export function conditions(ground: Ground): Questions {
  const { s3, sdk, settings: { bucket: Bucket }, place } = ground;
  const get = async (condition: object) => {
    const Key = await stored(ground, "a");
    return await outcomeOf(s3.send(new sdk.GetObjectCommand({ Bucket, Key, ...condition })));
  };
  const copy = async (condition: object) => {
    const CopySource = `${Bucket}/${await stored(ground, "a")}`;
    const Key = `${place.prefix}b`;
    return await outcomeOf(
      s3.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource, ...condition })),
    );
  };
  const put = async (condition: object) => {
    const Key = await stored(ground, "a");
    return await outcomeOf(
      s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: "other", ...condition })),
    );
  };
  return {
    "GET if-match another": () => get({ IfMatch: OTHER_ETAG }),
    "GET if-none-match this": () => get({ IfNoneMatch: `"${sum("md5", BODY).toString("hex")}"` }),
    "copy if-match another": () => copy({ CopySourceIfMatch: OTHER_ETAG }),
    "PUT if-none-match *": () => put({ IfNoneMatch: "*" }),
    "PUT if-match another": () => put({ IfMatch: OTHER_ETAG }),
    "ETags": async () => {
      const Key = `${place.prefix}etag`;
      const made = await s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: BODY }));
      const head = await s3.send(new sdk.HeadObjectCommand({ Bucket, Key }));
      const copied = await s3.send(
        new sdk.CopyObjectCommand({ Bucket, Key: `${Key}-2`, CopySource: `${Bucket}/${Key}` }),
      );
      const { Contents = [] } = await s3.send(
        new sdk.ListObjectsV2Command({ Bucket, Prefix: Key }),
      );
      return [
        `PUT ${form(made.ETag)}`,
        `HEAD ${form(head.ETag)}`,
        `copy ${form(copied.CopyObjectResult?.ETag)}`,
        `list ${form(Contents[0]?.ETag)}`,
      ].join(", ");
    },
  };
}

/** Questions about parts and checksums. */
export function contents(ground: Ground): Questions {
  const { s3, sdk, settings: { bucket: Bucket }, place } = ground;
  const part = async (Range: string) => {
    const Key = await stored(ground, "parts");
    return await outcomeOf(
      s3.send(new sdk.GetObjectCommand({ Bucket, Key, Range })),
      ({ $metadata, ContentLength, ContentRange }) =>
        `${$metadata.httpStatusCode}, ${ContentLength} bytes, ${ContentRange ?? "no range"}`,
    );
  };
  const checked = async (ChecksumSHA256: string) => {
    const Key = `${place.prefix}checked`;
    const made = await outcomeOf(
      s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: BODY, ChecksumSHA256 })),
      (answer) => `200 ${answer.ChecksumSHA256 ? "with" : "without"} the checksum`,
    );
    if (!made.startsWith("200")) return made;
    const head = await s3.send(
      new sdk.HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }),
    );
    return `${made}, HEAD ${head.ChecksumSHA256 ? "with" : "without"} it`;
  };
  return {
    "bytes 2-4": () => part("bytes=2-4"),
    "bytes 8-99": () => part("bytes=8-99"),
    "bytes 10-": () => part("bytes=10-"),
    "the last 3": () => part("bytes=-3"),
    "right checksum": () => checked(sum("sha256", BODY).toString("base64")),
    "wrong checksum": () => checked(sum("sha256", "other").toString("base64")),
  };
}

/** Questions about many objects; the last ones delete them. */
export function many(ground: Ground): Questions {
  const { s3, sdk, settings: { bucket: Bucket }, place } = ground;
  const Prefix = `${place.prefix}many/`;
  const keys = Array.from({ length: MANY }, (_, n) => `${Prefix}${String(n).padStart(4, "0")}`);
  const remove = (some: string[], quiet = false) =>
    outcomeOf(
      s3.send(
        new sdk.DeleteObjectsCommand({
          Bucket,
          Delete: { Objects: some.map((Key) => ({ Key })), Quiet: quiet },
        }),
      ),
      ({ Deleted = [], Errors = [] }) =>
        `200, ${Deleted.length} deleted, ${Errors.length} errors ${Errors[0]?.Code ?? ""}`.trim(),
    );
  const left = async () =>
    `, ${(await Array.fromAsync(place.store.list(Prefix))).flat().length} are left`;
  const page = (options: object) =>
    outcomeOf(
      s3.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, ...options })),
      ({ Contents = [], IsTruncated, NextContinuationToken, KeyCount }) => {
        const first = Contents[0]?.Key?.slice(Prefix.length);
        return `${Contents.length} keys from ${first} (key count ${KeyCount}), truncated ` +
          `${IsTruncated}, ${NextContinuationToken ? "a" : "no"} token`;
      },
    );
  return {
    "a page": async () => {
      await eachOf(keys, AT_ONCE, (key) => stored(ground, key.slice(place.prefix.length)));
      return await page({});
    },
    "pages together": async () => {
      const pages = await Array.fromAsync(place.store.list(Prefix));
      const found = pages.flat().map(({ key }) => key);
      const same = found.join() === keys.join();
      return `${pages.map(({ length }) => length).join(" + ")}, ${
        same ? "all, in order" : "NOT all in order"
      }`;
    },
    "a page of 2": () => page({ MaxKeys: 2 }),
    "start after": () => page({ StartAfter: keys[998], MaxKeys: 1000 }),
    "start after a missing key": () => page({ StartAfter: `${keys[998]}5` }),
    "delete 1,001": () => remove(keys.map((key) => `${key}-missing`)),
    "delete 1,000 that are missing": () => remove(keys.slice(1).map((key) => `${key}-missing`)),
    "delete 1,000": async () => await remove(keys.slice(1)) + await left(),
    "delete some again, quietly": async () => await remove(keys.slice(0, 3), true) + await left(),
  };
}
