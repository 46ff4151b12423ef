/**
 * A TCP relay on loopback that can be cut or made to hang, or that fails or delays a part of the HTTP requests:
 * a network that fails on demand.
 *
 * @module
 */
import { delay } from "@shared/async.ts";

/** How the relay treats connections. */
export type RelayMode = "open" | "cut" | "stalled";

/** What becomes of HTTP requests that pass an open relay. */
export interface Faults {
  /** Part of them whose connection is cut: 0 to 1. */
  cut: number;
  /** Part of them that wait. */
  slow: number;
  /** Milliseconds that these wait. */
  delay: number;
}

const NO_FAULTS: Faults = { cut: 0, slow: 0, delay: 0 };

const text = new TextDecoder();
/** Bytes that a request begins with. What follows it on the connection is more of its body, or the next one. */
const isRequest = (bytes: Uint8Array) =>
  /^(GET|HEAD|PUT|POST|DELETE) \//.test(text.decode(bytes.subarray(0, 8)));

/** A relay to a port of this machine. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  faults: Faults = NO_FAULTS;
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
      else if (this.#mode === "open") {
        this.#connect(inbound, target).catch(() => this.#close(inbound));
      }
    }
  }

  /** @throws where a request is one that fails */
  async #disturb(bytes: Uint8Array) {
    const { cut, slow, delay: milliseconds } = this.faults;
    if (cut + slow === 0 || !isRequest(bytes)) return;
    const chance = Math.random();
    if (chance < cut) throw new Error("cut");
    if (chance < cut + slow) await delay(milliseconds);
  }

  async #connect(inbound: Deno.Conn, target: number) {
    const outbound = await Deno.connect({ hostname: "127.0.0.1", port: target });
    this.#connections.add(outbound);
    const close = () => {
      this.#close(inbound);
      this.#close(outbound);
    };
    const disturbed = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: async (bytes, controller) => {
        await this.#disturb(bytes);
        controller.enqueue(bytes);
      },
    });
    await Promise.all([
      inbound.readable.pipeThrough(disturbed).pipeTo(outbound.writable).catch(close),
      outbound.readable.pipeTo(inbound.writable).catch(() => {}),
    ]);
    close();
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
