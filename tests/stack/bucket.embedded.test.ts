/** The embedded bucket keeps whole objects, or none, however its process ends. */
import { createHash } from "node:crypto";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import { MARKER_KEY } from "../../supabase/functions/_shared/bucket_marker.ts";
import { assert, assertEquals } from "@std/assert";
import { removeDataFolder } from "../support/data_folder.ts";
import { eventually } from "../support/eventually.ts";
import { startStackProcess } from "../support/stack_process.ts";

/** Bytes that follow from the key: what is read back tells whether it is whole. */
function bytesOf(key: string, size: number): Uint8Array<ArrayBuffer> {
  const block = createHash("sha512").update(key).digest();
  const bytes = new Uint8Array(size);
  for (let start = 0; start < size; start += block.length) {
    bytes.set(block.subarray(0, size - start), start);
  }
  return bytes;
}

const contentType = "application/octet-stream";
/** One is stored in one piece, the other in parts. */
const SIZES = [1_000_000, 9_000_000];

Deno.test("kill -9 in the middle of uploads leaves no half object, and loses no whole one", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-bucket-" });
  try {
    const stack = await startStackProcess({ dataDir });
    const store = operatorBucket(stack.status);
    const half = Promise.withResolvers<void>();
    const size = 4_000_000;
    const interrupted = store.put({
      key: "half",
      size,
      contentType,
      body: new ReadableStream({
        start: (controller) => controller.enqueue(bytesOf("half", size / 2)),
        pull: () => {
          half.resolve();
          return new Promise(() => {});
        },
      }, { highWaterMark: 0 }),
    }).catch(() => {});
    await half.promise;

    const stored: string[] = [];
    let killed = false;
    const uploads = SIZES.map(async (size) => {
      for (let n = 0; !killed; n++) {
        const key = `${size}/${String(n).padStart(4, "0")}`;
        const sent = store.put({ key, size, contentType, body: bytesOf(key, size) });
        if (await sent.then(() => true, () => false)) stored.push(key);
      }
    });
    await eventually("a dozen objects are stored", () => stored.length >= 12);
    stack.child.kill("SIGKILL");
    killed = true;
    await Promise.all([interrupted, ...uploads]);
    await stack[Symbol.asyncDispose]();

    await using next = await startStackProcess({ dataDir });
    const again = operatorBucket(next.status);
    const objects = (await Array.fromAsync(again.list(""))).flat()
      .filter(({ key }) => key !== MARKER_KEY);
    const keys = objects.map(({ key }) => key);
    assert(!keys.includes("half"));
    for (const key of stored) assert(keys.includes(key), `${key} was stored and is gone`);
    for (const key of keys) {
      const size = Number(key.split("/")[0]);
      const object = await again.get(key);
      const read = new Uint8Array(await new Response(object!.body).arrayBuffer());
      assertEquals(read.length, size, key);
      assert(
        createHash("sha256").update(read).digest().equals(
          createHash("sha256").update(bytesOf(key, size)).digest(),
        ),
        key,
      );
    }
    // What was interrupted can simply be stored again.
    await again.put({ key: "half", size, contentType, body: bytesOf("half", size) });
    assertEquals((await again.head("half"))?.size, size);
  } finally {
    await removeDataFolder(dataDir);
  }
});
