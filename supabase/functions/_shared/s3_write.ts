/**
 * What changes a bucket.
 *
 * @module
 */
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { NewObject, ObjectStore } from "./object_store.ts";
import { outgoing } from "./object_stream.ts";
import { sentOnce } from "./s3_client.ts";
import type { S3Connection } from "./s3_connection.ts";
import { deleteMany, dropOldVersions, keysPerBatch } from "./s3_delete.ts";
import { isMissing } from "./s3_errors.ts";

async function put(
  { run, bucket, timeouts }: S3Connection,
  { key, body, size, contentType }: NewObject,
): Promise<string> {
  // Not before it is needed: a cold function that puts nothing need not wait for it.
  const { Readable } = await import("node:stream");
  using upload = outgoing(body, size, timeouts.silenceMs);
  const stream = Readable.fromWeb(upload.body as NodeStream);
  // What the body does wrong is reported below; without a listener it would end the process.
  stream.on("error", () => {});
  try {
    return await run(
      async (s3, { PutObjectCommand }, options) => {
        const command = new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: stream,
          ContentLength: size,
          ContentType: contentType,
        });
        return (await sentOnce(s3).send(command, options)).ETag ?? "";
      },
      // A large upload may take long: the upload's own signal sees a bucket that takes no bytes.
      { operationMs: Infinity, attemptMs: 0, signal: upload.signal },
    );
  } catch (error) {
    const fault = upload.fault();
    throw fault ? fault.error : error;
  }
}

async function copy(
  { run, bucket, timeouts, assertBucket }: S3Connection,
  from: string,
  to: string,
  contentType: string,
): Promise<boolean> {
  const copied = await run(
    async (s3, { CopyObjectCommand }, options) => {
      await sentOnce(s3).send(
        new CopyObjectCommand({
          Bucket: bucket,
          CopySource: `${bucket}/${from}`,
          Key: to,
          // Whoever holds a signed URL chooses headers, an encoding among them, that were not signed.
          MetadataDirective: "REPLACE",
          ContentType: contentType,
        }),
        options,
      );
      return true;
    },
    { expected: isMissing, operationMs: timeouts.copyMs, attemptMs: timeouts.copyMs },
  );
  if (!copied) await assertBucket();
  return copied ?? false;
}

/** The verbs that change something. */
export function writeVerbs(
  connection: S3Connection,
): Pick<ObjectStore, "put" | "copy" | "deleteMany" | "keysPerBatch" | "dropOldVersions"> {
  return {
    put: (object) => put(connection, object),
    copy: (from, to, contentType) => copy(connection, from, to, contentType),
    deleteMany: (keys) => deleteMany(connection, keys),
    keysPerBatch: () => keysPerBatch(connection),
    dropOldVersions: (key) => dropOldVersions(connection, key),
  };
}
