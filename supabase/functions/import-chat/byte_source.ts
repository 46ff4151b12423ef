import { damaged, tooLarge } from "./damage.ts";

const NOTHING = new Uint8Array();

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** A stream of bytes that is read by lengths, front to end. */
export class ByteSource {
  #chunks: AsyncIterator<Uint8Array>;
  #ahead: Uint8Array = NOTHING;
  #offset = 0;
  #received = 0;
  #limit: number;

  /** @param limit bytes after which the stream is refused with `payload_too_large` */
  constructor(chunks: AsyncIterable<Uint8Array>, limit: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  /** Bytes that were taken so far. */
  get offset(): number {
    return this.#offset;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#received += value.length;
    if (this.#received > this.#limit) throw tooLarge("file", this.#limit);
    this.#ahead = joined(this.#ahead, value);
    return true;
  }

  /** The next bytes, which stay where they are. Fewer where the stream ends before. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#ahead.length < length && await this.#more());
    return this.#ahead.subarray(0, length);
  }

  /** @throws {ChatArchiveError} `invalid_request` where the stream ends before */
  async take(length: number): Promise<Uint8Array> {
    const bytes = await this.peek(length);
    if (bytes.length < length) this.#endTooEarly();
    this.#advance(length);
    return bytes;
  }

  /** The same for any length, in chunks. */
  async *stream(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const chunk = (await this.chunk()).subarray(0, left);
      if (chunk.length === 0) this.#endTooEarly();
      this.#advance(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Whatever has come, at least one byte unless the stream has ended; it stays where it is. */
  async chunk(): Promise<Uint8Array> {
    if (this.#ahead.length === 0) await this.#more();
    return this.#ahead;
  }

  /** Takes bytes that {@link chunk} showed. */
  skip(length: number): void {
    this.#advance(length);
  }

  #advance(length: number) {
    this.#ahead = this.#ahead.subarray(length);
    this.#offset += length;
  }

  #endTooEarly(): never {
    throw damaged([], `it ends too early, after ${this.#received} bytes`);
  }
}
