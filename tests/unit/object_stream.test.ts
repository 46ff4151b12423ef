/** Bytes to and from a bucket: too few, too many, or none at all is an error, never an end. */
import { incoming, outgoing } from "../../supabase/functions/_shared/object_stream.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

const bytes = new Uint8Array([1, 2, 3]);
const source = () => new Blob([bytes]).stream();
const failed = (cause: unknown) => new ChatArchiveError("storage_unavailable", "x", { cause });
const read = (stream: ReadableStream) => new Response(stream).bytes();

Deno.test("a download has the length that was announced", async () => {
  assertEquals(await read(incoming(source(), 3, 1000, failed)), bytes);
  const error = await assertRejects(
    () => read(incoming(source(), 4, 1000, failed)),
    ChatArchiveError,
  );
  assertEquals((error.cause as Error).message, "the object ended 1 bytes too early");
});

Deno.test("who stops reading a download ends it", async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(bytes),
    cancel: () => void (cancelled = true),
  });
  await incoming(endless, 1e9, 1000, failed).cancel();
  assert(cancelled);
});

Deno.test("an upload hands over bytes as they are asked for, and no more than announced", async () => {
  for (const body of [bytes, source()]) {
    using upload = outgoing(body, 3, 1000);
    assertEquals(await read(upload.body), bytes);
    assertEquals(upload.fault(), undefined);
  }
  for (const size of [2, 4]) {
    using upload = outgoing(source(), size, 1000);
    await assertRejects(() => read(upload.body), ChatArchiveError);
    assert(upload.signal.aborted);
    assertEquals((upload.fault()?.error as ChatArchiveError).code, "invalid_request");
  }
});

Deno.test("an upload that the bucket does not take is given up", async () => {
  using upload = outgoing(bytes, 3, 20);
  const reader = upload.body.getReader();
  await reader.read();
  await new Promise((done) => setTimeout(done, 60));
  assert(upload.signal.aborted);
  assertEquals(upload.fault(), undefined, "it was not the body's fault");
});
