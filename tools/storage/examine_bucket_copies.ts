/**
 * What a copy makes of headers that a client has added to its upload.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import { type Answer, ask, QUESTION_TIMEOUT_MS } from "./examine_bucket_access.ts";

/** Headers that nobody signs, that buckets store, and that readers act on. */
const SMUGGLED = { "content-encoding": "gzip", "cache-control": "max-age=31536000" };

/**
 * Does a copy with metadata of its own drop the headers of its source, as confirm relies on?
 *
 * @param keys to upload to, and to copy to
 */
export async function dropsHeaders(
  store: ObjectStore,
  client: S3Client,
  bucket: string,
  contentType: string,
  [from, to]: [from: string, to: string],
): Promise<Answer> {
  const body = new Uint8Array(1);
  const url = await store.presignPut({ key: from, contentType, size: body.length, expiresIn: 60 });
  const headers = { "content-type": contentType, ...SMUGGLED };
  const stored = await ask(url, { method: "PUT", headers, body });
  if (!stored) return "unknown";
  // Refused: then there is nothing to drop.
  if (!stored.ok) return stored.status < 500 ? "yes" : "unknown";
  const { CopyObjectCommand, HeadObjectCommand } = await loadSdk();
  const options = { abortSignal: AbortSignal.timeout(QUESTION_TIMEOUT_MS) };
  try {
    await client.send(
      new CopyObjectCommand({
        Bucket: bucket,
        CopySource: `${bucket}/${from}`,
        Key: to,
        MetadataDirective: "REPLACE",
        ContentType: contentType,
      }),
      options,
    );
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: to }), options);
    const isKept = head.ContentEncoding === "gzip" ||
      (head.CacheControl ?? "").includes("31536000");
    return isKept ? "no" : "yes";
  } catch {
    return "unknown";
  }
}
