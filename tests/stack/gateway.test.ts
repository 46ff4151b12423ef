/** The gateway's log is about the stack, not about those who call it. */
import { startGateway } from "../../stack/gateway.ts";
import { freePort } from "../../stack/ports.ts";
import { assertEquals } from "@std/assert";

/** Runs work with a gateway whose bucket reads each request's body. @returns what was logged */
async function withGateway(work: (port: number, reading: Promise<void>) => Promise<void>) {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => lines.push(line);
  const reading = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const unused = () => Promise.reject(new Error("not called"));
  const port = freePort();
  const gateway = startGateway(port, {
    api: { fetch: unused, reconnect: () => {}, close: unused },
    functions: { fetch: unused, stop: unused },
    page: { fetch: unused, stop: unused },
    async bucket(request) {
      reading.resolve();
      try {
        return new Response(await request.bytes());
      } finally {
        ended.resolve();
      }
    },
    tokens: { jwks: { keys: [] }, inward: unused, outward: unused },
  });
  try {
    await work(port, reading.promise);
    await ended.promise;
  } finally {
    await gateway.stop();
    console.warn = warn;
  }
  return lines;
}

Deno.test("a sender that goes away in the middle of a body is no error of the stack", async () => {
  const lines = await withGateway(async (port, reading) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(
      "PUT /storage/v1/s3/bucket/key HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf",
    ));
    await reading;
    connection.close();
  });
  assertEquals(lines, []);
});
