import type { S3Client } from "@aws-sdk/client-s3";
import type { PutRequest } from "./object_store.ts";
import { loadSdk } from "./s3_client.ts";

const loadPresigner = () => import("@aws-sdk/s3-request-presigner");

/** The headers that a PUT must be sent with as they were signed, in the signature's order. */
const BOUND_HEADERS = ["content-length", "content-type", "host"];

/**
 * Signs a PUT that is bound to key, exact length and type.
 *
 * @param client of the address that clients reach
 */
export async function signPut(
  client: S3Client,
  bucket: string,
  { key, contentType, size, expiresIn }: PutRequest,
): Promise<string> {
  const { PutObjectCommand } = await loadSdk();
  const { getSignedUrl } = await loadPresigner();
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    ContentLength: size,
  });
  const url = await getSignedUrl(client, command, {
    expiresIn,
    signableHeaders: new Set(BOUND_HEADERS),
  });
  const signed = new URL(url).searchParams.get("X-Amz-SignedHeaders");
  if (signed !== BOUND_HEADERS.join(";")) {
    // An SDK that stops signing them would hand out URLs that take anything.
    throw new Error(`the signed PUT binds only ${signed}`);
  }
  return url;
}
