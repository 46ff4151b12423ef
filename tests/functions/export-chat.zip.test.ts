/** export-chat?format=zip: text, JSON and files, with what is missing named. */
import { crc32 } from "node:zlib";
import MarkdownIt from "markdown-it";
import { ChatExport, ExportManifest } from "@shared/contracts/chat-export.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exportZip } from "../support/exports.ts";
import { image, pdf, uploadAll } from "../support/files.ts";
import { asOperator, bucket } from "../support/stack.ts";
import { assertError, assertField, request, signUp, type User } from "../support/users.ts";

const user = await signUp();

const bearer = (who: User) => ({ headers: { authorization: `Bearer ${who.token}` } });

/** Targets of links and images, as a reader resolves them. */
function targets(markdown: string): string[] {
  return new MarkdownIt("commonmark").parse(markdown, {})
    .flatMap(({ children }) => children ?? [])
    .flatMap((token) => token.attrGet("src") ?? token.attrGet("href") ?? [])
    .map((target) => decodeURIComponent(String(target)));
}

Deno.test("a zip holds Markdown with relative links, JSON, the documents and the images", async () => {
  const chat_id = await user.createChat("Отчёт");
  const { data: message } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: "Привет" }).select("id").single();
  const names = [
    "page 1.png",
    "PAGE 1.PNG",
    "../../etc/passwd",
    "con.png",
    "a?b<c>:100%25 #1.png",
    "Страница — 日本.png",
    `${"ü".repeat(500)}.png`,
    "\u202egnp.exe",
    "...",
  ];
  await uploadAll(user, chat_id, [
    ...names.map((name, n) => ({ ...image(name, n), message_id: message!.id })),
    ...["The *document*.pdf", "The ?document?.pdf"].map((name) => ({
      name,
      content_type: "application/pdf",
      bytes: pdf(name),
      kind: "document" as const,
    })),
  ]);
  const { files, paths, text, headers } = await exportZip(user, `chat_id=${chat_id}`);
  assertStringIncludes(headers.get("content-disposition")!, ".zip");
  const imagePaths = [
    "images/page 1.png",
    "images/PAGE 1 (2).PNG",
    "images/_.._etc_passwd.png",
    "images/_con.png",
    "images/a_b_c__100%25 #1.png",
    "images/Страница — 日本.png",
    `images/${"ü".repeat(58)}.png`,
    "images/_gnp.exe.png",
    "images/image.png",
  ];
  const documentPaths = ["documents/The _document_.pdf", "documents/The _document_ (2).pdf"];
  assertEquals(paths, ["chat.json", "chat.md", ...documentPaths, ...imagePaths]);
  imagePaths.forEach((path, n) => assertEquals(files[path], image("", n).bytes));
  assertEquals(files[documentPaths[0]!], pdf("The *document*.pdf"));
  assertEquals(files[documentPaths[1]!], pdf("The ?document?.pdf"));

  const json = ChatExport.parse(JSON.parse(text("chat.json")));
  assertEquals(json.images.map(({ image_name }) => image_name), names);
  assertEquals(json.images.map(({ file }) => file), imagePaths);
  assertEquals(json.documents.map(({ file }) => file), documentPaths);
  assertStringIncludes(text("chat.md"), "Привет");
  assertEquals(targets(text("chat.md")), [...documentPaths, ...imagePaths]);
});

Deno.test("many files of one name are all there", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [
    image("a (2).png", 0),
    ...Array.from({ length: 12 }, (_, n) => image("a.png", n + 1)),
  ]);
  const { files, text } = await exportZip(user, `chat_id=${chat_id}`);
  const { images } = ChatExport.parse(JSON.parse(text("chat.json")));
  assertEquals(new Set(images.map(({ file }) => file!.toLowerCase())).size, 13);
  images.forEach(({ file }, n) => assertEquals(files[file!], image("", n).bytes));
});

Deno.test("a file beyond what is held in memory is streamed into the zip", async () => {
  const chat_id = await user.createChat();
  const bytes = new Uint8Array(9 * 1024 * 1024).map((_, n) => n * 31);
  bytes.set(pdf().subarray(0, 20));
  bytes.set(new TextEncoder().encode("%%EOF"), bytes.length - 6);
  await uploadAll(user, chat_id, [
    { name: "large.pdf", content_type: "application/pdf", bytes, kind: "document" },
  ]);
  const { files } = await exportZip(user, `chat_id=${chat_id}`);
  assertEquals(crc32(files["documents/large.pdf"]!), crc32(bytes));
});

Deno.test("what is not in the bucket is named, and the rest is there", async () => {
  const chat_id = await user.createChat();
  const [first] = await uploadAll(user, chat_id, [image("gone.png"), image("there.png", 1)]);
  const { data } = await user.client.from("chat_images").select("s3_path").eq("id", first!);
  await bucket.deleteMany([data![0]!.s3_path]);
  const { paths, text } = await exportZip(user, `chat_id=${chat_id}`);
  assertEquals(paths, ["chat.json", "chat.md", "images/there.png", "missing.txt"]);
  assertMatch(text("missing.txt"), /^images\/gone\.png: it is not in the bucket$/m);
});

Deno.test("images=none: a zip of the text, and the names", async () => {
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("plan.png")]);
  const { paths, text } = await exportZip(user, `chat_id=${chat_id}&images=none`);
  assertEquals(paths, ["chat.json", "chat.md", "missing.txt"]);
  assertMatch(text("missing.txt"), /^images\/plan\.png: asked for without$/m);
  assertMatch(text("chat.md"), /Image not included: plan\.png/);
});

Deno.test("all chats come in parts of whole chats, each once, the oldest first", async () => {
  const owner = await signUp();
  await (await signUp()).createChat("of somebody else");
  const created = Array.from({ length: 60 }, (_, n) => ({
    title: n % 3 ? "Same: title" : `Chat ${n}`,
    // Many share one time: the id decides.
    created_at: `2026-01-01T00:00:00.00000${Math.floor(n / 20)}Z`,
  }));
  const { data: chats } = await owner.client.from("chats").insert(created).select("id, title");
  const ids: string[] = [];
  let after = "";
  let parts = 0;
  do {
    const { text, paths, headers } = await exportZip(owner, `all=true${after}`);
    const manifest = ExportManifest.parse(JSON.parse(text("manifest.json")));
    assertEquals(manifest.next_after, headers.get("x-next-after"));
    for (const { id, folder } of manifest.chats) {
      ids.push(id);
      assert(paths.includes(`${folder}chat.md`), folder);
      assertEquals(JSON.parse(text(`${folder}chat.json`)).chat.id, id);
    }
    assertEquals(paths.length, 1 + 2 * manifest.chats.length);
    after = manifest.next_after ? `&after=${manifest.next_after}` : "";
    parts++;
  } while (after);
  assertEquals(parts, 2);
  assertEquals(ids.length, chats!.length);
  assertEquals(new Set(ids), new Set(chats!.map(({ id }) => id)));
});

Deno.test("a part ends before it grows too large, and one large chat is a part of its own", async () => {
  const owner = await signUp();
  const sizes = [10, 5, 400, 5];
  for (const [n, count] of sizes.entries()) {
    const id = await owner.createChat(`${n}`);
    await asOperator((sql) =>
      sql`
        insert into chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
        select i, ${id}, ${owner.id}, 'page.png',
               ${`${owner.id}/${id}/images/`} || i || '.png', 'image/png', 1
        from (select gen_random_uuid() as i from generate_series(1, ${count}::int)) as t`
    );
  }
  const { data } = await owner.client.rpc("export_part", {});
  assertEquals(data!.map(({ more }) => more), [false, false, true]);
  const [, last] = data!;
  const { data: rest } = await owner.client.rpc("export_part", {
    after_created_at: last!.created_at,
    after_id: last!.id,
  });
  assertEquals(rest!.map(({ more }) => more), [false, true]);
});

Deno.test("all chats of a user who has none: an empty part", async () => {
  const { text } = await exportZip(await signUp(), "all=true");
  const { chats, next_after } = ExportManifest.parse(JSON.parse(text("manifest.json")));
  assertEquals({ chats, next_after }, { chats: [], next_after: null });
});

Deno.test("bad input for all chats: invalid_request, with the field", async () => {
  const cases: [string, string][] = [
    ["all=yes&format=zip", "all"],
    ["all=true", "format"],
    ["all=true&format=json", "format"],
    ["all=true&format=zip&after=%00", "after"],
    ["all=true&format=zip&after=bm9uc2Vuc2U", "after"],
  ];
  for (const [query, field] of cases) {
    const answer = await request(`export-chat?${query}`, bearer(user));
    assertField(assertError(answer, 400, "invalid_request"), field);
  }
});
