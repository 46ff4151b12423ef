import { createHash } from "node:crypto";
import { reusedPieces } from "../../supabase/functions/_shared/reused_pieces.ts";
import { assertEquals, assertRejects } from "@std/assert";

/** Looks at each piece, and hashes it. */
async function sha256OfStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  look: (piece: Uint8Array) => void = () => {},
): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of reusedPieces(body)) {
    look(piece);
    hash.update(piece);
  }
  return hash.digest("hex");
}

const bytes = new Uint8Array(1_000_003).map((_, index) => index * 7);
const expected = createHash("sha256").update(bytes).digest("hex");

/** Hands out pieces of some length, and then what ends it. */
function stream(length: number, type?: "bytes", end?: Error) {
  let at = 0;
  let cancelled = false;
  const source = {
    type,
    pull(controller: ReadableStreamDefaultController | ReadableByteStreamController) {
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at += length));
        return;
      }
      if (end) return controller.error(end);
      controller.close();
      (controller as ReadableByteStreamController).byobRequest?.respond(0);
    },
    cancel() {
      cancelled = true;
    },
  };
  const body = new ReadableStream(source as UnderlyingByteSource) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
  return { body, isCancelled: () => cancelled };
}

for (const type of ["bytes", undefined] as const) {
  for (const length of [1000, 65_536, 2_000_000]) {
    Deno.test(`the hash of a ${type ?? "plain"} stream in pieces of ${length}`, async () => {
      const seen = createHash("sha256");
      const { body } = stream(length, type);
      assertEquals(await sha256OfStream(body, (piece) => seen.update(piece)), expected);
      assertEquals(seen.digest("hex"), expected);
    });
  }

  Deno.test(`a ${type ?? "plain"} stream that breaks off has no hash`, async () => {
    const { body } = stream(65_536, type, new RangeError("cut off"));
    await assertRejects(() => sha256OfStream(body), RangeError, "cut off");
  });

  Deno.test(`a ${type ?? "plain"} stream is cancelled where whoever looks has seen enough`, async () => {
    const { body, isCancelled } = stream(1000, type);
    const stop = () => {
      throw new RangeError("too long");
    };
    await assertRejects(() => sha256OfStream(body, stop), RangeError, "too long");
    assertEquals(isCancelled(), true);
  });
}

Deno.test("the hash of nothing", async () => {
  const nothing = createHash("sha256").digest("hex");
  assertEquals(await sha256OfStream(new Response(new Uint8Array()).body!), nothing);
});

Deno.test("the hash of what fetch reads", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(bytes),
  );
  const { body } = await fetch(`http://127.0.0.1:${server.addr.port}`);
  assertEquals(await sha256OfStream(body!), expected);
});
