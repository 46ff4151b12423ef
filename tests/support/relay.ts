/** A TCP relay on loopback that can be cut or made to hang: a network that fails on demand. */

/** How the relay treats connections. */
export type RelayMode = "open" | "cut" | "stalled";

/** A relay to a port of this machine. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  #listener: Deno.TcpListener;
  #connections = new Set<Deno.Conn>();
  #mode: RelayMode = "open";

  constructor(target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accept(target);
  }

  /** Changes the treatment; open connections are closed. */
  become(mode: RelayMode) {
    this.#mode = mode;
    for (const connection of this.#connections) this.#close(connection);
  }

  async #accept(target: number) {
    for await (const inbound of this.#listener) {
      this.#connections.add(inbound);
      if (this.#mode === "cut") this.#close(inbound);
      else if (this.#mode === "open") this.#connect(inbound, target);
    }
  }

  async #connect(inbound: Deno.Conn, target: number) {
    const outbound = await Deno.connect({ hostname: "127.0.0.1", port: target });
    this.#connections.add(outbound);
    const pipe = (from: Deno.Conn, to: Deno.Conn) =>
      from.readable.pipeTo(to.writable).catch(() => {});
    await Promise.all([pipe(inbound, outbound), pipe(outbound, inbound)]);
    this.#close(inbound);
    this.#close(outbound);
  }

  #close(connection: Deno.Conn) {
    this.#connections.delete(connection);
    try {
      connection.close();
    } catch {
      // Its streams have closed it.
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.become("cut");
    this.#listener.close();
    return Promise.resolve();
  }
}
