import type { PublicAccessBlockConfiguration } from "@aws-sdk/client-s3";
import { createS3Client, loadSdk } from "../../../supabase/functions/_shared/s3_client.ts";
import { listVersions } from "../../../supabase/functions/_shared/s3_versions.ts";
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";

/** Milliseconds for one request. */
const TIMEOUT_MS = 10_000;

/** A bucket of a test's own on a server that can make some. It is removed with all versions. */
export async function ownBucket(settings: BucketSettings) {
  const bucket = `versioned-${crypto.randomUUID()}`;
  const sdk = await loadSdk();
  const client = await createS3Client(settings, settings.endpoint, TIMEOUT_MS);
  await client.send(new sdk.CreateBucketCommand({ Bucket: bucket }));
  const list = async () =>
    (await Array.fromAsync(listVersions(client, bucket, "", AbortSignal.timeout(TIMEOUT_MS))))
      .flat();
  const empty = async () => {
    const Objects = (await list()).map(({ key, versionId }) => ({
      Key: key,
      VersionId: versionId,
    }));
    if (Objects.length === 0) return;
    await client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  };
  return {
    bucket,
    client,
    /** All versions and markers. */
    list,
    /** Removes them. */
    empty,
    /** Switches versioning. */
    become: (Status: "Enabled" | "Suspended") =>
      client.send(
        new sdk.PutBucketVersioningCommand({
          Bucket: bucket,
          VersioningConfiguration: { Status },
        }),
      ),
    /** Blocks public access, as far as these settings say. */
    block: (blocked: PublicAccessBlockConfiguration) =>
      client.send(
        new sdk.PutPublicAccessBlockCommand({
          Bucket: bucket,
          PublicAccessBlockConfiguration: blocked,
        }),
      ),
    /** Takes a right on the bucket from everybody. */
    forbid: (Action: string) =>
      client.send(
        new sdk.PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{
              Effect: "Deny",
              Principal: "*",
              Action,
              Resource: `arn:aws:s3:::${bucket}`,
            }],
          }),
        }),
      ),
    put: (Body: string) =>
      client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: "a", Body })),
    delete: () => client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: "a" })),
    async [Symbol.asyncDispose]() {
      await empty();
      await client.send(new sdk.DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  };
}
