/**
 * What changes a bucket.
 *
 * @module
 */
import { Readable } from "node:stream";
import type { NewObject, ObjectStore } from "./object_store.ts";
import { outgoing } from "./object_stream.ts";
import type { S3Connection } from "./s3_connection.ts";
import { deleteMany, dropOldVersions, keysPerBatch } from "./s3_delete.ts";
import { isGone } from "./s3_errors.ts";

async function put(
  { run, bucket, timeouts }: S3Connection,
  { key, body, size, contentType }: NewObject,
): Promise<string> {
  using upload = outgoing(body, size, timeouts.silenceMs);
  const stream = Readable.fromWeb(upload.body);
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
        return (await s3.send(command, options)).ETag ?? "";
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
  etag: string,
) {
  const copied = await run(
    async (s3, { CopyObjectCommand }, options) => {
      const { CopyObjectResult } = await s3.send(
        new CopyObjectCommand({
          Bucket: bucket,
          CopySource: `${bucket}/${from}`,
          CopySourceIfMatch: etag,
          Key: to,
        }),
        options,
      );
      return CopyObjectResult?.ETag ?? "";
    },
    { expected: isGone, operationMs: timeouts.copyMs, attemptMs: timeouts.copyMs },
  );
  if (copied === null) await assertBucket();
  return copied;
}

/** The verbs that change something. */
export function writeVerbs(
  connection: S3Connection,
): Pick<ObjectStore, "put" | "copy" | "deleteMany" | "keysPerBatch" | "dropOldVersions"> {
  return {
    put: (object) => put(connection, object),
    copy: (from, to, etag) => copy(connection, from, to, etag),
    deleteMany: (keys) => deleteMany(connection, keys),
    keysPerBatch: () => keysPerBatch(connection),
    dropOldVersions: (key) => dropOldVersions(connection, key),
  };
}
