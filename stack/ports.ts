import { Failure } from "./failure.ts";

/** Below the ports that systems give to outgoing connections: none of those can take one meanwhile. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** A TCP port of 127.0.0.1 that nobody listens on now, picked at random. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** @throws {Failure} where somebody listens on the port already */
export function assertPortIsFree(port: number, option: string) {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (cause) {
    throw new Failure(
      `port ${port} is in use`,
      `Stop what uses it, or choose another with ${option} (0 picks a free one).`,
      { cause },
    );
  }
}
