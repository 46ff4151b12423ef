/** Checksums are the same on runtimes that have none. */
import * as zlib from "node:zlib";
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { crc32 } from "../../supabase/functions/_shared/crc32.ts";
import { portableCrc32 } from "../../supabase/functions/_shared/portable_crc32.ts";

Deno.test("the checksum of the specifications' example", () => {
  const check = new TextEncoder().encode("123456789");
  assertEquals([crc32(check), portableCrc32(check)], [0xcbf43926, 0xcbf43926]);
});

Deno.test("both ways agree with node:zlib, in one piece and in several", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), (pieces) => {
      const expected = zlib.crc32(new Uint8Array(pieces.flatMap((piece) => [...piece])));
      for (const one of [crc32, portableCrc32]) {
        assertEquals(pieces.reduce((crc, piece) => one(piece, crc), 0), expected);
      }
    }),
  );
});
