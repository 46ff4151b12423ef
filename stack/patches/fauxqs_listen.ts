/**
 * Patch of fauxqs 2.4.1: it listens on every address of the machine, and verifies nothing. While it
 * starts, its server is bound to loopback and made to answer only requests that carry a secret of this
 * process.
 *
 * Not reported: no report was found among the issues of kibertoad/fauxqs.
 *
 * @module
 */
import { Server } from "node:http";
import { startFauxqs } from "fauxqs";

/** Sends a request to fauxqs, whose paths are `/<bucket>/<key>`. */
export type Send = (path: string, init: RequestInit) => Promise<Response>;

/** Header that proves that a request comes from this process. */
const SECRET_HEADER = "x-stack-secret";

type Answer = { writeHead(status: number): { end(): void } };

/** Makes a server refuse requests without the secret. */
function guard(server: Server, secret: string): void {
  const emit = server.emit.bind(server);
  server.emit = ((event: string, ...rest: unknown[]) => {
    if (event === "request") {
      const [request, response] = rest as [{ headers: Record<string, string> }, Answer];
      if (request.headers[SECRET_HEADER] !== secret) {
        response.writeHead(403).end();
        return true;
      }
      delete request.headers[SECRET_HEADER];
    }
    return emit(event, ...rest);
  }) as typeof server.emit;
}

/** Starts fauxqs for this process alone. @param dataDir keeps the objects; without it the memory */
export async function startPrivateFauxqs(
  dataDir: string | undefined,
): Promise<{ send: Send; stop(): Promise<void> }> {
  const secret = crypto.randomUUID();
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    guard(this, secret);
    const [options, ...more] = args;
    return listen.call(this, { ...options as object, host: "127.0.0.1" }, ...more as []);
  } as typeof listen;
  try {
    const server = await startFauxqs({ port: 0, logger: false, ...(dataDir ? { dataDir } : {}) });
    return {
      send(path, init) {
        const headers = new Headers(init.headers);
        headers.set(SECRET_HEADER, secret);
        const url = `http://127.0.0.1:${server.port}${path}`;
        return fetch(url, { ...init, headers, redirect: "manual" });
      },
      stop: () => server.stop(),
    };
  } finally {
    Server.prototype.listen = listen;
  }
}
