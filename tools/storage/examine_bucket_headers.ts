/**
 * What headers that nobody signed make of a signed PUT, and which conditions a bucket honours.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import { type Answer, ask, isPublic, QUESTION_TIMEOUT_MS } from "./examine_bucket_access.ts";

/** An object of the check's own. */
export interface ProbeObject {
  key: string;
  bytes: Uint8Array<ArrayBuffer>;
  contentType: string;
}

/** `public-read`, in the two forms that S3 has. */
const PUBLISHING: Record<string, string>[] = [
  { "x-amz-acl": "public-read" },
  { "x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
];

/** Other bytes than the probe's, of the same length. */
const others = ({ bytes }: ProbeObject) => bytes.map((byte) => byte ^ 255);

async function signedPut(
  store: ObjectStore,
  key: string,
  { contentType }: Pick<ProbeObject, "contentType">,
  body: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const url = await store.presignPut({ key, contentType, size: body.length, expiresIn: 60 });
  const sent = { "content-type": contentType, ...headers };
  return await ask(url, { method: "PUT", headers: sent, body });
}

/** Those of some content types that the bucket does not take. @param prefix of keys to try */
export async function refusedTypes(
  store: ObjectStore,
  prefix: string,
  types: string[],
): Promise<string[]> {
  const taken = await Promise.all(types.map(async (contentType, index) => {
    const answer = await signedPut(
      store,
      `${prefix}type-${index}`,
      { contentType },
      new Uint8Array(1),
    );
    return !answer || answer.ok || answer.status >= 500;
  }));
  return types.filter((_, index) => !taken[index]);
}

/** Does a signed PUT store an object that the functions can read? */
export async function storesUploads(
  store: ObjectStore,
  probe: ProbeObject,
  key: string,
): Promise<Answer> {
  const answer = await signedPut(store, key, probe, probe.bytes);
  if (!answer || answer.status >= 500) return "unknown";
  if (!answer.ok) return "no";
  // Some servers leave an object to the user whose key stored it, and the bucket's owner can't read it.
  const stored = await store.bytes(key).catch((error) => {
    if (error instanceof ChatArchiveError) return null;
    throw error;
  });
  return stored ? "yes" : "no";
}

/** Does `x-amz-copy-source`, unsigned, turn a signed PUT into a copy of the probe? */
export async function copiesByHeader(
  store: ObjectStore,
  bucket: string,
  probe: ProbeObject,
  key: string,
): Promise<Answer> {
  const source = { "x-amz-copy-source": `/${bucket}/${probe.key}` };
  const answer = await signedPut(store, key, probe, others(probe), source);
  if (!answer || answer.status >= 500) return "unknown";
  if (!answer.ok) return "no";
  const stored = await store.bytes(key);
  if (!stored) return "unknown";
  const bytes = await new Blob(stored as Uint8Array<ArrayBuffer>[]).bytes();
  return bytes.every((byte, index) => byte === probe.bytes[index]) ? "yes" : "no";
}

/** Does such a header make an object, or a copy of the probe, readable for anybody? */
export async function publishesByHeader(
  store: ObjectStore,
  bucket: string,
  probe: ProbeObject,
  prefix: string,
): Promise<Answer> {
  const source = { "x-amz-copy-source": `/${bucket}/${probe.key}` };
  const attempts = [...PUBLISHING, ...PUBLISHING.map((headers) => ({ ...headers, ...source }))];
  const answers = await Promise.all(attempts.map(async (headers, index): Promise<Answer> => {
    const key = `${prefix}published-${index}`;
    const answer = await signedPut(store, key, probe, others(probe), headers);
    if (!answer || answer.status >= 500) return "unknown";
    return answer.ok ? await isPublic(store, key) : "no";
  }));
  const worst = (["yes", "unknown"] as const).find((one) => answers.includes(one));
  return worst ?? "no";
}

/** An ETag that no object has. */
const OTHER_ETAG = `"${"0".repeat(32)}"`;

/** Is something that must not happen refused? */
async function refuses(attempt: () => Promise<unknown>): Promise<Answer> {
  try {
    return await attempt() === null ? "yes" : "no";
  } catch (error) {
    if (error instanceof ChatArchiveError) return "unknown";
    throw error;
  }
}

/** Is a copy refused whose source has another ETag than the one named? */
export async function honoursCopyConditions(
  client: S3Client,
  bucket: string,
  { key }: ProbeObject,
  to: string,
): Promise<Answer> {
  const { CopyObjectCommand } = await loadSdk();
  const command = new CopyObjectCommand({
    Bucket: bucket,
    CopySource: `${bucket}/${key}`,
    CopySourceIfMatch: OTHER_ETAG,
    Key: to,
  });
  const abortSignal = AbortSignal.timeout(QUESTION_TIMEOUT_MS);
  return await client.send(command, { abortSignal }).then(
    () => "no" as const,
    (error) => error.$metadata?.httpStatusCode === 412 ? "yes" as const : "unknown" as const,
  );
}

/** Is a read refused of an object with another ETag than the one named? */
export function honoursReadConditions(store: ObjectStore, { key }: ProbeObject): Promise<Answer> {
  return refuses(async () => {
    const object = await store.get(key, { etag: OTHER_ETAG });
    await object?.body.cancel();
    return object;
  });
}
