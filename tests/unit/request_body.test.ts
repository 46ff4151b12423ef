/** Bodies of requests whose senders are slow. */
import { ChatArchiveError } from "@shared/errors.ts";
import { z } from "zod";
import { assertEquals, assertRejects } from "@std/assert";
import { fileOf, readJson } from "../../supabase/functions/_shared/request_body.ts";

/** A body that begins, and then comes a blank at a time, or not at all. */
function slowBody(begin: string, goesOn: boolean) {
  const gone = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(begin));
      if (goesOn) timer = setInterval(() => controller.enqueue(encoder.encode(" ")), 5);
    },
    cancel() {
      clearInterval(timer);
      gone.resolve();
    },
  });
  return { body, gone: gone.promise };
}

const requestWith = (body: ReadableStream<Uint8Array>, type = "application/json") =>
  new Request("http://localhost", { method: "POST", headers: { "content-type": type }, body });

async function refused(work: () => Promise<unknown>) {
  const { code, message, details } = await assertRejects(work, ChatArchiveError);
  assertEquals([code, message, details], [
    "invalid_request",
    "request: the body did not arrive in time",
    [{ path: [], message: "the body did not arrive in time" }],
  ]);
}

Deno.test("a JSON body that stops is given up, and cancelled", async () => {
  const { body, gone } = slowBody("{", false);
  await refused(() => readJson(requestWith(body), { silenceMs: 20, jsonMs: 60_000 }));
  await gone;
});

Deno.test("a JSON body that never ends is given up, and cancelled", async () => {
  const { body, gone } = slowBody("{", true);
  await refused(() => readJson(requestWith(body), { silenceMs: 60_000, jsonMs: 50 }));
  await gone;
});

Deno.test("a JSON body that comes in pieces is read", async () => {
  const pieces = ReadableStream.from(
    ["{", '"a"', ":1}"].map((one) => new TextEncoder().encode(one)),
  );
  assertEquals(await readJson(requestWith(pieces)), { a: 1 });
});

Deno.test("a file that stops is given up, and cancelled", async () => {
  const { body, gone } = slowBody("PK", false);
  const request = requestWith(body, "application/zip");
  const { bytes } = fileOf(request, { "application/zip": z.unknown() }, { silenceMs: 20 });
  await refused(() => Array.fromAsync(bytes));
  await gone;
});

Deno.test("a reader that stops leaves the rest of the file to be read", async () => {
  const request = requestWith(
    ReadableStream.from(["a", "b"].map((one) => new TextEncoder().encode(one))),
    "application/zip",
  );
  for await (const first of fileOf(request, { "application/zip": z.unknown() }).bytes) {
    assertEquals(new TextDecoder().decode(first), "a");
    break;
  }
  const { value } = await request.body!.getReader().read();
  assertEquals(new TextDecoder().decode(value), "b");
});
