/** The library's uploads, downloads and other calls of functions, against the real stack. */
import { createChatArchive, type LogEntry, type UploadProgress } from "@shared/client/mod.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { assertCode } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png, reserve } from "../support/files.ts";
import { Relay } from "../support/relay.ts";
import { asOperator, keysBelow, logFile, ofEmbeddedStack, stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const entries: LogEntry[] = [];
const archive = createChatArchive(user.client, { logger: (entry) => entries.push(entry) });
const newId = () => crypto.randomUUID();

/** Counts the PUTs that work sends. */
async function countPuts(work: () => Promise<unknown>): Promise<number> {
  const fetch = globalThis.fetch;
  let puts = 0;
  globalThis.fetch = (input, init) => {
    if (init?.method === "PUT") puts++;
    return fetch(input, init);
  };
  try {
    await work();
    return puts;
  } finally {
    globalThis.fetch = fetch;
  }
}

Deno.test("images go to the bucket with progress, and come back", async () => {
  const chat = await archive.createChat({ title: "Images" });
  const message = await archive.addMessage({ chat_id: chat.id, role: "user", content: "see" });
  const contents = Array.from({ length: 6 }, (_, seed) => png(8, 4 + seed, seed));
  const seen: UploadProgress[] = [];
  const images = await archive.uploadImages({
    chat_id: chat.id,
    images: contents.map((content, n) => ({
      name: `страница ${n}.png`,
      content: n % 2 ? content : new File([content], `x.png`, { type: "image/png" }),
      content_type: "image/png",
      image_type: "crop",
      description: `Page ${n}`,
      ...(n === 0 ? { message_id: message.id } : {}),
    })),
    onProgress: (progress) => seen.push(progress),
  });
  assertEquals(
    images.map(({ image_name }) => image_name),
    contents.map((_, n) => `страница ${n}.png`),
  );
  assertEquals(images.map(({ height }) => height), [4, 5, 6, 7, 8, 9]);
  assertEquals(images[0]!.message_id, message.id);
  const bytes = contents.reduce((sum, { length }) => sum + length, 0);
  const last = seen.at(-1)!;
  assertEquals([last.files_done, last.files, last.bytes_done, last.bytes], [6, 6, bytes, bytes]);
  assertEquals(seen.filter(({ loaded, total }) => loaded === total).length, 6);
  assert(seen.every((one, n) => n === 0 || one.bytes_done >= seen[n - 1]!.bytes_done));
  assertEquals([entries.at(-1)!.count, entries.at(-1)!.bytes], [6, bytes]);

  const { body, name, content_type } = await archive.download({ id: images[3]!.id });
  assertEquals([name, content_type], ["страница 3.png", "image/png"]);
  assertEquals(await new Response(body).bytes(), contents[3]);

  const urls = await archive.downloadUrls({ ids: [images[5]!.id, newId()] });
  assertEquals([urls.downloads.length, urls.missing.length], [1, 1]);
  assertEquals((await archive.downloadUrls({ chat_id: chat.id })).downloads.length, 6);

  const attached = await archive.attachImages({
    message_id: message.id,
    ids: [images[5]!.id, images[1]!.id],
  });
  assertEquals(attached.map(({ id }) => id), [images[5]!.id, images[1]!.id]);
  const [read] = await Array.fromAsync(archive.history({ chat_id: chat.id }));
  assertEquals(read!.images.map(({ id }) => id), [0, 1, 5].map((n) => images[n]!.id));
  await assertCode(
    () => archive.attachImages({ message_id: message.id, ids: [newId()] }),
    "not_found",
  );

  const ids = [images[0]!.id, images[1]!.id];
  assertEquals(
    (await archive.deleteImages({ ids })).map(({ id }) => id).toSorted(),
    ids.toSorted(),
  );
  assertEquals(await archive.deleteImages({ ids }), []);
  await assertCode(() => archive.download({ id: ids[0]! }), "not_found");
});

Deno.test("an upload that failed goes on with the same ids, and sends nothing twice", async () => {
  const chat_id = await user.createChat();
  const images = Array.from({ length: 5 }, (_, n) => ({
    id: newId(),
    name: `${n}.png`,
    content: n === 3 ? new TextEncoder().encode("no image, but long enough") : png(4, 4, n),
    content_type: "image/png",
  }));
  const error = await assertCode(
    () => archive.uploadImages({ chat_id, images }),
    "upload_mismatch",
  );
  assertEquals(error.details?.[0]?.path, ["images", 3]);
  images[3] = { ...images[3]!, id: newId(), content: png(4, 4, 3) };
  const puts = await countPuts(async () => {
    const rows = await archive.uploadImages({ chat_id, images });
    assertEquals(rows.map(({ id }) => id), images.map(({ id }) => id));
  });
  assertEquals(puts, 1);
  assertEquals(await countPuts(() => archive.uploadImages({ chat_id, images })), 0);
  images[0] = { ...images[0]!, content: png(9, 9) };
  await assertCode(() => archive.uploadImages({ chat_id, images }), "conflict");
  await assertCode(
    () =>
      archive.uploadImages({
        chat_id,
        images: [{ name: "a.txt", content: new Blob(["x"], { type: "text/plain" }) }],
      }),
    "unsupported_media_type",
  );
  await assertCode(
    () => archive.uploadImages({ chat_id: newId(), images: [{ ...images[1]!, id: newId() }] }),
    "not_found",
  );
});

Deno.test("150 images take two requests, and can be aborted and gone on with", async () => {
  const chat_id = await user.createChat();
  const images = Array.from({ length: 150 }, (_, n) => ({
    id: newId(),
    name: `${n}.png`,
    content: png(2, 2, n),
    content_type: "image/png",
  }));
  const controller = new AbortController();
  const reason = new Error("closed the page");
  const thrown = await assertRejects(
    () =>
      archive.uploadImages({
        chat_id,
        images,
        signal: controller.signal,
        onProgress: ({ files_done }) => files_done === 120 && controller.abort(reason),
      }),
    Error,
  );
  assertEquals(thrown, reason);
  const stored = await Array.fromAsync(archive.images({ chat_id }));
  assertEquals(stored.length, 100);
  const puts = await countPuts(() => archive.uploadImages({ chat_id, images }));
  assertEquals(puts, 50);
  const after = await Array.fromAsync(archive.images({ chat_id }));
  assertEquals(after.map(({ id }) => id).toSorted(), images.map(({ id }) => id).toSorted());
});

Deno.test("long descriptions take as many requests as their bytes need", async () => {
  const chat = await archive.createChat({ title: "Long descriptions" });
  // Three bytes each, and the most that there may be: 24 of them are more than a function reads.
  const description = "語".repeat(16_384);
  const images = await archive.uploadImages({
    chat_id: chat.id,
    images: Array.from({ length: 24 }, (_, n) => ({
      name: `${n}.png`,
      content: png(1, 1, n),
      content_type: "image/png",
      description,
    })),
  });
  assertEquals(images.map(({ image_name }) => image_name), images.map((_, n) => `${n}.png`));
  assert(images.every((image) => image.description === description));
});

Deno.test("an id in capitals is the same file", async () => {
  const chat_id = (await user.createChat()).toUpperCase();
  const id = newId();
  const images = [{
    id: id.toUpperCase(),
    name: "a.png",
    content: png(2, 2),
    content_type: "image/png",
  }];
  const [stored] = await archive.uploadImages({ chat_id, images });
  assertEquals(stored!.id, id);
  assertEquals(await countPuts(() => archive.uploadImages({ chat_id, images })), 0);
  assertEquals((await archive.attachImages({ message_id: null, ids: [images[0]!.id] }))[0]!.id, id);
});

Deno.test("a file that is cut short ends in an error, an aborted one in its reason", async () => {
  const relay = new Relay(Number(new URL(stack.API_URL).port));
  const url = `http://127.0.0.1:${relay.port}`;
  const behind = createChatArchive(apiClient({ url, token: user.token }));
  const { id: chat_id } = await archive.createChat({ title: "Cut" });
  const content = "x".repeat(1_000_000);
  await archive.addMessages({
    chat_id,
    messages: Array.from({ length: 30 }, () => ({ role: "user" as const, content })),
  });
  const cut = (await behind.exportChat({ chat_id })).body.getReader();
  await cut.read();
  relay.become("cut");
  const readAll = async (reader: ReadableStreamDefaultReader) => {
    while (!(await reader.read()).done);
  };
  await assertCode(() => readAll(cut), "database_unavailable");
  relay.become("open");

  const controller = new AbortController();
  const left = (await behind.exportChat({ chat_id, signal: controller.signal })).body.getReader();
  await left.read();
  const reason = new Error("left the page");
  controller.abort(reason);
  assertEquals(await assertRejects(() => readAll(left), Error), reason);
  await relay[Symbol.asyncDispose]();
});

Deno.test("documents are uploaded, opened and repeated", async () => {
  const { id: chat_id } = await archive.createChat({ title: "Document" });
  const document = {
    id: newId(),
    name: "a.pdf",
    content: pdf("one"),
    content_type: "application/pdf",
  };
  const stored = await archive.uploadDocument({ chat_id, document });
  assertEquals((await archive.getChat({ id: chat_id })).document_path, stored.s3_path);
  assertEquals(await archive.uploadDocument({ chat_id, document }), stored);
  const file = await archive.download({ document_of: chat_id });
  assertEquals([file.name, await new Response(file.body).text()], [
    "a.pdf",
    new TextDecoder().decode(pdf("one")),
  ]);
  const other = await archive.uploadDocument({
    chat_id,
    document: { name: "b.pdf", content: pdf("two"), content_type: "application/pdf" },
  });
  const chat = await archive.getChat({ id: chat_id });
  assertEquals([chat.document_path, chat.documents], [stored.s3_path, [stored, other]]);
  await assertCode(
    () => archive.download({ document_of: newId() }),
    "not_found",
  );
});

Deno.test("a chat is exported as a stream, deleted with its objects, and awaited", async () => {
  const { id } = await archive.createChat({ title: "Exported" });
  await archive.addMessage({ chat_id: id, role: "user", content: "привет" });
  await archive.uploadImages({
    chat_id: id,
    images: [{ name: "a.png", content: png(4, 4), content_type: "image/png" }],
  });
  const file = await archive.exportChat({ chat_id: id });
  assertEquals(file.name, "Exported.md");
  assert(file.content_type.startsWith("text/markdown"));
  assert((await new Response(file.body).text()).includes("привет"));
  await assertCode(() => archive.exportChat({ chat_id: newId() }), "not_found");

  assertEquals((await keysBelow(`${user.id}/${id}/`)).length, 1);
  const deletion = await archive.deleteChat({ id });
  assertEquals([deletion.chat_id, deletion.status, deletion.objects_deleted], [id, "done", 1]);
  assertEquals((await archive.awaitDeletion({ id })).status, "done");
  assertEquals(await keysBelow(`${user.id}/${id}/`), []);
  await assertCode(() => archive.getChat({ id }), "not_found");
  assertEquals((await archive.deleteChat({ id })).status, "done", "a repetition reports");
  await assertCode(() => archive.deleteChat({ id: newId() }), "not_found");
  await assertCode(() => archive.awaitDeletion({ id: newId() }), "not_found");
});

Deno.test("checkConnection tells how the parts are", async () => {
  assertEquals((await archive.checkConnection()).checks.database.status, "ok");
});

Deno.test("awaitDeletion waits for bytes that are queued, and can be aborted", async () => {
  const chat_id = await user.createChat();
  await archive.uploadImages({
    chat_id,
    images: [{ name: "a.png", content: png(4, 4), content_type: "image/png" }],
  });
  await user.client.from("chats").delete().eq("id", chat_id);
  await assertRejects(
    () => archive.awaitDeletion({ id: chat_id, signal: AbortSignal.timeout(100) }),
    Error,
    "timeout",
  );
  const waiting = archive.awaitDeletion({ id: chat_id });
  await archive.deleteChat({ id: chat_id });
  assertEquals((await waiting).objects_pending, 0);
});

Deno.test("awaitDeletion does not wait for what was given up", async () => {
  const chat_id = await user.createChat();
  await user.client.from("chats").delete().eq("id", chat_id);
  const entry = (changes: string) =>
    asOperator((sql) =>
      sql.unsafe(`update storage_deletions set ${changes} where chat_id = '${chat_id}'`)
    );
  await entry("dead_at = now()");
  await assertCode(() => archive.awaitDeletion({ id: chat_id }), "storage_unavailable");
  await entry("dead_at = null");
  await archive.deleteChat({ id: chat_id });
  assertEquals((await archive.awaitDeletion({ id: chat_id })).status, "done");
});

Deno.test("the request id of an operation is the functions'", ofEmbeddedStack, async () => {
  const chat_id = await user.createChat();
  await reserve(user, chat_id, [{ name: "a.png", content_type: "image/png", bytes: png(2, 2) }]);
  const error = await assertCode(() => archive.deleteChat({ id: newId() }), "not_found");
  assertEquals(entries.at(-1)!.request_id, error.requestId!);
  await eventually(
    "the functions' log has the request id",
    async () => (await Deno.readTextFile(logFile)).includes(error.requestId!),
  );
});

Deno.test("no log entry holds content, a token or a URL", async () => {
  const logged: LogEntry[] = [];
  const mine = createChatArchive(user.client, { logger: (entry) => logged.push(entry) });
  const { id: chat_id } = await mine.createChat({ title: "заглавие" });
  await mine.addMessage({ chat_id, role: "user", content: "привет" });
  const images = [{ name: "страница.png", content: png(4, 4), content_type: "image/png" }];
  const [image] = await mine.uploadImages({ chat_id, images });
  await (await mine.download({ id: image!.id })).body.cancel();
  const wrong = [{ ...images[0]!, content: new TextEncoder().encode("картинка") }];
  await assertCode(() => mine.uploadImages({ chat_id, images: wrong }), "upload_mismatch");
  await assertCode(() => mine.updateChat({ id: chat_id, title: " " }), "invalid_request");
  assertEquals(logged.map(({ operation, outcome }) => [operation, outcome]), [
    ["createChat", "ok"],
    ["addMessage", "ok"],
    ["uploadImages", "ok"],
    ["download", "ok"],
    ["uploadImages", "error"],
    ["updateChat", "error"],
  ]);
  const text = JSON.stringify(logged);
  const secrets = ["заглавие", "привет", "страница", "картинка", "X-Amz", "http", user.token];
  assertEquals(secrets.filter((secret) => text.includes(secret)), []);
});
