import { Failure } from "./failure.ts";

/** A TCP port of 127.0.0.1 that nobody listens on now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
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
