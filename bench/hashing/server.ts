/**
 * The object storage of bench/hashing.ts: answers GET /<bytes> with so many bytes, over HTTP/1.1, as S3
 * does. In a process of its own, so that its work is nobody's.
 *
 *   server.ts [CERTIFICATE KEY]     prints its port
 *
 * @module
 */
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";

const [certificate, key] = Deno.args;
/** What is sent again and again. */
const piece = crypto.getRandomValues(new Uint8Array(65_536));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let left = Number(request.url!.slice(1));
  response.writeHead(200, { "content-type": "application/pdf", "content-length": left });
  while (left > 0) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    left -= part.length;
    if (!response.write(part)) await new Promise((drained) => response.once("drain", drained));
  }
  response.end();
}

const server = certificate && key
  ? createTlsServer({
    cert: Deno.readTextFileSync(certificate),
    key: Deno.readTextFileSync(key),
  }, answer)
  : createPlainServer(answer);
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
