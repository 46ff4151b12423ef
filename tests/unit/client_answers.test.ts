/** What the client library makes of answers that it did not expect; no server is asked. */
import { createClient } from "@supabase/supabase-js";
import { ChatArchiveError, createChatArchive, type Database } from "@shared/client/mod.ts";
import { portions } from "@shared/client/portions.ts";
import { assertEquals, assertRejects } from "@std/assert";

const chat_id = crypto.randomUUID();
const json = (body: unknown, status = 200) => Response.json(body, { status });

/** An archive whose server is a function. */
function archiveOf(answer: (url: URL, body: unknown) => Response) {
  const supabase = createClient<Database>("http://archive.test", "key", {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) =>
        Promise.resolve(
          answer(new URL(String(input)), init?.body ? JSON.parse(String(init.body)) : undefined),
        ),
    },
  });
  return createChatArchive(supabase, { useDatabase: true });
}

const failure = (promise: Promise<unknown>) => assertRejects(() => promise, ChatArchiveError);

const files = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: crypto.randomUUID(),
    name: `${index}.png`,
    content: new Blob(["x"], { type: "image/png" }),
  }));

const signed = (id: string) => ({
  id,
  path: "",
  method: "PUT",
  url: `http://bucket.test/${id}`,
  headers: {},
  expires_at: "",
});

/** Runs work while PUTs to the bucket are answered by a function. */
async function withBucket(
  put: (url: string, signal: AbortSignal) => Promise<Response>,
  work: () => Promise<void>,
) {
  const original = globalThis.fetch;
  globalThis.fetch = (input, init) => put(String(input), init!.signal!);
  try {
    await work();
  } finally {
    globalThis.fetch = original;
  }
}

Deno.test("an error of ours comes through with its details, a gateway's is told apart", async () => {
  const details = [{ path: ["chat_id"], message: "no" }];
  const ours = await failure(
    archiveOf(() => json({ code: "conflict", message: "no", details, request_id: "r" }, 409))
      .deleteChat({ id: chat_id }),
  );
  assertEquals([ours.code, ours.message, ours.details, ours.requestId], [
    "conflict",
    "no",
    details,
    "r",
  ]);
  for (
    const [body, status, code] of [
      [{ code: 404, message: "Function not found" }, 404, "internal"],
      [{ code: "toString", message: "no", request_id: "r" }, 404, "internal"],
      [{ code: "conflict", message: "no" }, 401, "unauthorized"],
      [
        { code: "conflict", message: "no", request_id: "r", details: "text" },
        429,
        "rate_limited",
      ],
      [null, 502, "database_unavailable"],
    ] as const
  ) {
    const error = await failure(archiveOf(() => json(body, status)).deleteChat({ id: chat_id }));
    assertEquals(error.code, code, JSON.stringify(body));
  }
});

Deno.test("another server's answer does not count as health", async () => {
  for (
    const body of [null, "ok", [], { status: "ok" }, { status: "ok", checks: { database: 1 } }]
  ) {
    const error = await failure(archiveOf(() => json(body)).checkConnection());
    assertEquals(error.code, "database_unavailable", JSON.stringify(body));
  }
});

Deno.test("no file goes to the address of another one, or to none", async () => {
  const images = files(2);
  const [one, two] = images.map(({ id }) => signed(id));
  for (const uploads of [[one], [two, one], [one, { ...two, url: "nowhere" }], []]) {
    const archive = archiveOf(({ pathname }) =>
      json(pathname.startsWith("/rest/") ? [] : { uploads })
    );
    await withBucket(() => Promise.reject(new Error("a file was sent")), async () => {
      const error = await failure(archive.uploadImages({ chat_id, images }));
      assertEquals([error.code, error.message], [
        "internal",
        "presign-upload answered for other files",
      ]);
    });
  }
});

Deno.test("the first file that fails stops the others, and none is begun after it", async () => {
  const images = files(6);
  const archive = archiveOf(({ pathname }) =>
    json(pathname.startsWith("/rest/") ? [] : { uploads: images.map(({ id }) => signed(id)) })
  );
  const stopped: string[] = [];
  let begun = 0;
  const put = (url: string, signal: AbortSignal) => {
    // The last of the four that are sent side by side is refused; the others wait for ever.
    if (++begun === 4) return Promise.resolve(new Response(null, { status: 403 }));
    return new Promise<Response>((_, reject) =>
      signal.addEventListener("abort", () => {
        stopped.push(url);
        reject(signal.reason);
      })
    );
  };
  await withBucket(put, async () => {
    const error = await failure(archive.uploadImages({ chat_id, images }));
    assertEquals(error.code, "upload_mismatch");
  });
  assertEquals([begun, stopped.length], [4, 3]);
});

Deno.test("a list is split by number, by size and between kinds, in order", () => {
  const split = (list: string[]) =>
    portions(list, { items: 3, size: 5 }, ({ length }) => length, ([kind]) => kind!);
  assertEquals(split([]), []);
  assertEquals(split(["a", "a", "a", "a"]), [["a", "a", "a"], ["a"]]);
  assertEquals(split(["aaa", "aa", "a"]), [["aaa", "aa"], ["a"]]);
  assertEquals(split(["a", "b", "b", "a"]), [["a"], ["b", "b"], ["a"]]);
  assertEquals(split(["aaaaaaa", "a"]), [["aaaaaaa"], ["a"]]);
});
