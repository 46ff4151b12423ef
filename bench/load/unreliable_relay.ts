/** A TCP relay on loopback, a part of whose connections fails or answers late. */

/** How connections are treated. */
export interface Faults {
  /** Part of the connections that are cut at once: 0 to 1. */
  cut: number;
  /** Part of them that wait before they are connected. */
  slow: number;
  /** Milliseconds that these wait. */
  delay: number;
}

/** Relays a port of this machine. */
export class UnreliableRelay implements Disposable {
  readonly port: number;
  faults: Faults = { cut: 0, slow: 0, delay: 0 };
  #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor(target: number) {
    this.port = this.#listener.addr.port;
    this.#accept(target);
  }

  async #accept(target: number) {
    for await (const inbound of this.#listener) this.#relay(inbound, target).catch(() => {});
  }

  async #relay(inbound: Deno.Conn, target: number) {
    const { cut, slow, delay } = this.faults;
    const chance = Math.random();
    if (chance < cut) return inbound.close();
    if (chance < cut + slow) await new Promise((resolve) => setTimeout(resolve, delay));
    const outbound = await Deno.connect({ hostname: "127.0.0.1", port: target });
    await Promise.allSettled([
      inbound.readable.pipeTo(outbound.writable),
      outbound.readable.pipeTo(inbound.writable),
    ]);
  }

  [Symbol.dispose]() {
    this.#listener.close();
  }
}
