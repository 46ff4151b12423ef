/**
 * The object side of the embedded bucket: fauxqs, reachable by this process only.
 *
 * @module
 */
import { Server } from "node:http";
import { startFauxqs } from "fauxqs";

/** Sends requests to fauxqs, whose paths are `/<bucket>/<key>`. */
export interface ObjectServer {
  fetch(path: string, init: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** Header that proves that a request comes from the gate. */
const PASS = "x-gate-pass";
/** fauxqs refuses bodies over 11 MiB; S3's parts have at least 5 MiB. */
const PART_SIZE = 8 * 1024 * 1024;

/**
 * fauxqs verifies nothing and listens on every address of the machine. While it starts, its server is
 * bound to loopback and made to answer only requests that carry a secret of this process.
 */
async function startPrivately(dataDir: string | undefined, pass: string) {
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    const emit = this.emit.bind(this);
    this.emit = ((event: string, ...rest: unknown[]) => {
      if (event === "request") {
        const [request, response] = rest as [
          { headers: Record<string, string> },
          { writeHead(status: number): { end(): void } },
        ];
        if (request.headers[PASS] !== pass) {
          response.writeHead(403).end();
          return true;
        }
        delete request.headers[PASS];
      }
      return emit(event, ...rest);
    }) as typeof this.emit;
    const [options, ...more] = args;
    return listen.call(this, { ...options as object, host: "127.0.0.1" }, ...more as []);
  } as typeof listen;
  try {
    return await startFauxqs({ port: 0, logger: false, ...(dataDir ? { dataDir } : {}) });
  } finally {
    Server.prototype.listen = listen;
  }
}

/**
 * @param dataDir where objects are kept; without it they live in memory
 * @param bucket  created when it does not exist
 */
export async function startObjectServer(
  dataDir: string | undefined,
  bucket: string,
): Promise<ObjectServer> {
  const pass = crypto.randomUUID();
  const server = await startPrivately(dataDir, pass);
  const origin = `http://127.0.0.1:${server.port}`;

  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    headers.set(PASS, pass);
    return fetch(origin + path, { ...init, headers, redirect: "manual" });
  };

  async function putInParts(url: string, init: RequestInit, body: Uint8Array<ArrayBuffer>) {
    const { headers } = init;
    const path = url.split("?")[0];
    const created = await send(`${path}?uploads`, {
      method: "POST",
      ...(headers ? { headers } : {}),
    });
    const uploadId = /<UploadId>([^<]+)/.exec(await created.text())?.[1];
    if (!uploadId) return new Response(null, { status: 500 });
    const parts: string[] = [];
    for (let start = 0; start < body.length; start += PART_SIZE) {
      const number = start / PART_SIZE + 1;
      const part = await send(`${path}?partNumber=${number}&uploadId=${uploadId}`, {
        method: "PUT",
        body: body.subarray(start, start + PART_SIZE),
      });
      await part.body?.cancel();
      parts.push(
        `<Part><PartNumber>${number}</PartNumber><ETag>${part.headers.get("etag")}</ETag></Part>`,
      );
    }
    const done = await send(`${path}?uploadId=${uploadId}`, {
      method: "POST",
      body: `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
    });
    const etag = /<ETag>([^<]+)/.exec(await done.text())?.[1]?.replaceAll("&quot;", '"');
    return new Response(null, { status: done.status, headers: etag ? { etag } : {} });
  }

  const created = await send(`/${bucket}`, { method: "PUT" });
  await created.body?.cancel();

  return {
    fetch(path, init) {
      const { body, method } = init;
      if (method === "PUT" && body instanceof Uint8Array && body.length > PART_SIZE) {
        return putInParts(path, init, body as Uint8Array<ArrayBuffer>);
      }
      return send(path, init);
    },
    stop: () => server.stop(),
  };
}
