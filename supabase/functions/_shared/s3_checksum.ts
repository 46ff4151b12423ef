import { portableCrc32 } from "./portable_crc32.ts";

/**
 * The checksum that a request to delete many objects has to carry, in the form that the SDK takes. Its own
 * one asks node:zlib, whose fails on Deno 2.1: there nothing would be deleted.
 */
export class Crc32 {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = portableCrc32(bytes, this.#value);
  }

  digest(): Promise<Uint8Array> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.#value);
    return Promise.resolve(bytes);
  }

  reset(): void {
    this.#value = 0;
  }
}
