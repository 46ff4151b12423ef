/**
 * Patch of fauxqs 2.4.1: it refuses bodies over 11 MiB, where S3 takes 5 GiB in one PUT. A large body
 * is handed over in parts.
 *
 * Not reported: no report was found among the issues of kibertoad/fauxqs.
 *
 * @module
 */
import type { Send } from "./fauxqs_listen.ts";

/** Bytes; S3's parts have at least 5 MiB. */
const PART_SIZE = 8 * 1024 * 1024;

async function putPart(send: Send, path: string, number: number, body: Uint8Array<ArrayBuffer>) {
  const part = await send(`${path}&partNumber=${number}`, { method: "PUT", body });
  await part.body?.cancel();
  return `<Part><PartNumber>${number}</PartNumber><ETag>${part.headers.get("etag")}</ETag></Part>`;
}

async function putInParts(
  send: Send,
  url: string,
  { headers = {} }: RequestInit,
  body: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const [path] = url.split("?");
  const created = await send(`${path}?uploads`, { method: "POST", headers });
  const uploadId = /<UploadId>([^<]+)/.exec(await created.text())?.[1];
  if (!uploadId) return new Response(null, { status: 500 });
  const upload = `${path}?uploadId=${uploadId}`;
  const parts: string[] = [];
  for (let start = 0; start < body.length; start += PART_SIZE) {
    const bytes = body.subarray(start, start + PART_SIZE);
    parts.push(await putPart(send, upload, parts.length + 1, bytes));
  }
  const done = await send(upload, {
    method: "POST",
    body: `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
  });
  const etag = /<ETag>([^<]+)/.exec(await done.text())?.[1]?.replaceAll("&quot;", '"');
  return new Response(null, { status: done.status, headers: etag ? { etag } : {} });
}

/** Sends bodies of any size. */
export function takeLargeBodies(send: Send): Send {
  return (path, init) => {
    const { body, method } = init;
    return method === "PUT" && body instanceof Uint8Array && body.length > PART_SIZE
      ? putInParts(send, path, init, body as Uint8Array<ArrayBuffer>)
      : send(path, init);
  };
}
