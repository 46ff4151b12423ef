/** Deflate streams are unpacked however they were packed, and end where they end. */
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";
import fc from "fast-check";
import { ChatArchiveError } from "@shared/errors.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ByteSource } from "../../supabase/functions/import-chat/byte_source.ts";
import { inflated } from "../../supabase/functions/import-chat/inflate.ts";

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED } = constants;

/** A source that gives bytes in pieces of some length. */
function sourceOf(bytes: Uint8Array, piece: number): ByteSource {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  return new ByteSource(pieces(), Infinity);
}

/** Unpacks. @returns what comes out, and what is left of the source */
async function unpacked(bytes: Uint8Array, piece: number) {
  const source = sourceOf(bytes, piece);
  const parts = await Array.fromAsync(inflated(source, "x"));
  const rest: Uint8Array[] = [];
  for (let chunk = await source.chunk(); chunk.length > 0; chunk = await source.chunk()) {
    rest.push(chunk);
    source.skip(chunk.length);
  }
  return { out: Buffer.concat(parts), rest: Buffer.concat(rest) };
}

/** Few different bytes and long runs, or any bytes at all. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 700 })), {
    maxLength: 60,
  }).map((runs) =>
    new Uint8Array(Buffer.concat(runs.map(([byte, count]) => Buffer.alloc(count, byte))))
  ),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 200 }))
    .map(([part, times]) => new Uint8Array(Buffer.concat(Array(times).fill(part)))),
);
const options: fc.Arbitrary<ZlibOptions> = fc.record({
  level: fc.constantFrom(0, 1, 6, 9),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED),
  memLevel: fc.constantFrom(1, 8),
});
const piece = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(100, 65536));

Deno.test("whatever was packed comes out, and what follows is left alone", async () => {
  await fc.assert(
    fc.asyncProperty(bytes, options, piece, fc.uint8Array({ maxLength: 900 }), async (
      original,
      how,
      length,
      tail,
    ) => {
      const packed = Buffer.concat([deflateRawSync(original, how), tail]);
      const { out, rest } = await unpacked(packed, length);
      assert(out.equals(original));
      assert(rest.equals(tail));
    }),
    { numRuns: 300 },
  );
});

Deno.test("matches reach back 32 KiB, over the pieces that were handed out", async () => {
  const part = crypto.getRandomValues(new Uint8Array(32 * 1024));
  const original = Buffer.concat([...Array(40).fill(part), Buffer.alloc(600_000), part]);
  const { out } = await unpacked(deflateRawSync(original, { level: 9 }), 65536);
  assert(out.equals(original));
});

Deno.test("a stream that is cut anywhere, or damaged, is refused or gives something: it never hangs", async () => {
  const original = Buffer.from("a message, and another message. ".repeat(4) + crypto.randomUUID());
  for (const how of [{ level: 9 }, { level: 0 }, { strategy: Z_FIXED }]) {
    const packed = deflateRawSync(original, how);
    for (let length = 0; length < packed.length; length++) {
      const cut = () => unpacked(packed.subarray(0, length), 7);
      const error = await assertRejects(cut, ChatArchiveError);
      assertEquals(error.code, "invalid_request");
    }
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const damaged = packed.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await unpacked(damaged, 64).catch((error) => {
        assert(
          error instanceof ChatArchiveError && error.code === "invalid_request",
          String(error),
        );
      });
    }
  }
});
