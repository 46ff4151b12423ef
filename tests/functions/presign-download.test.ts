import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { document, image, uploadAll } from "../support/files.ts";
import { assertError, assertField, signUp } from "../support/users.ts";

const user = await signUp();
const other = await signUp();

Deno.test("images by id: the bytes, and the real name in both forms", async () => {
  const chat_id = await user.createChat();
  const name = 'Отчёт "2026" ..\\..\\a.png';
  const [id] = await uploadAll(user, chat_id, [image(name)]);
  const { status, body } = await user.call("presign-download", { ids: [id] });
  assertEquals(status, 200);
  assertEquals(body.missing, []);
  const response = await fetch(body.downloads[0].url);
  assertEquals(await response.bytes(), image().bytes);
  assertEquals(response.headers.get("content-type"), "image/png");
  assertStringIncludes(response.headers.get("content-disposition")!, 'filename="a.png"');
  const lives = Date.parse(body.downloads[0].expires_at) - Date.now();
  assert(lives > 3_590_000 && lives <= 3_600_000);
});

Deno.test("real names reach the reader, and never a key", async () => {
  const chat_id = await user.createChat();
  const names: [string, string][] = [
    ["Отчёт за 2026 год.png", "Отчёт за 2026 год.png"],
    ["👩‍🔬 图表 ñ é.png", "👩‍🔬 图表 ñ é.png"],
    [`"quoted" 'single' «double».png`, `"quoted" 'single' «double».png`],
    // The longest name of a file on Linux: 255 bytes.
    ["ы".repeat(125) + ".png", "ы".repeat(125) + ".png"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\me\\page 1.png", "page 1.png"],
    ["a%2Fb?c=d&e#f;g.png", "a%2Fb?c=d&e#f;g.png"],
    ["line\r\nX-Evil: 1.png", "lineX-Evil: 1.png"],
  ];
  const ids = await uploadAll(user, chat_id, names.map(([name], n) => image(name, n)));
  const { data: rows } = await user.client.from("chat_images")
    .select("image_name, s3_path").eq("chat_id", chat_id).order("seq");
  assertEquals(rows!.map(({ image_name }) => image_name), names.map(([name]) => name));
  for (const { s3_path } of rows!) assertMatch(s3_path, /^[0-9a-f/-]+\/images\/[0-9a-f-]+\.png$/);

  const { body } = await user.call("presign-download", { ids });
  for (const [index, { url }] of body.downloads.entries()) {
    const response = await fetch(url);
    assertEquals(await response.bytes(), image("", index).bytes);
    const header = response.headers.get("content-disposition")!;
    const [, encoded] = /filename\*=UTF-8''(\S+)$/.exec(header)!;
    assertEquals(decodeURIComponent(encoded!), names[index]![1]);
    assertEquals(response.headers.get("x-evil"), null);
  }
});

Deno.test("ids that are unknown or another user's are missing, and the rest is signed", async () => {
  const [theirs] = await uploadAll(other, await other.createChat(), [image()]);
  const [mine] = await uploadAll(user, await user.createChat(), [image()]);
  const unknown = crypto.randomUUID();
  const { status, body } = await user.call("presign-download", { ids: [unknown, mine, theirs] });
  assertEquals(status, 200);
  assertEquals(body.downloads.map(({ id }: { id: string }) => id), [mine]);
  assertEquals(body.missing, [unknown, theirs]);
});

Deno.test("1,000 ids in one request", async () => {
  const ids = Array.from({ length: 1000 }, () => crypto.randomUUID());
  const { status, body } = await user.call("presign-download", { ids });
  assertEquals(status, 200);
  assertEquals(body.missing, ids);
});

Deno.test("a chat's images, in order, after a cursor", async () => {
  const chat_id = await user.createChat();
  const ids = await uploadAll(user, chat_id, [image("1.png", 1), image("2.png", 2)]);
  const { body } = await user.call("presign-download", { chat_id });
  assertEquals(body.downloads.map(({ id }: { id: string }) => id), ids);
  assertEquals("next" in body, false);
  const { data } = await user.client.from("chat_images").select("seq").eq("id", ids[0]!).single();
  const rest = await user.call("presign-download", { chat_id, after: String(data!.seq) });
  assertEquals(rest.body.downloads.map(({ id }: { id: string }) => id), [ids[1]]);
});

Deno.test("images and documents by id, in the order of the request", async () => {
  const chat_id = await user.createChat();
  const files = [document("Первый.pdf"), image("1.png", 1), document("second.pdf")];
  const [first, picture, second] = await uploadAll(user, chat_id, files);
  const [theirs] = await uploadAll(other, await other.createChat(), [document()]);
  const ids = [second, theirs, picture, first];
  const { body } = await user.call("presign-download", { ids });
  assertEquals(body.missing, [theirs]);
  const expected = [[second, files[2]], [picture, files[1]], [first, files[0]]] as const;
  assertEquals(body.downloads.length, expected.length);
  for (const [index, [id, file]] of expected.entries()) {
    const download = body.downloads[index];
    assertEquals(download.id, id);
    const response = await fetch(download.url);
    assertEquals(await response.bytes(), file!.bytes);
    assertEquals(response.headers.get("content-type"), file!.content_type);
    const header = response.headers.get("content-disposition")!;
    assertStringIncludes(header, `UTF-8''${encodeURIComponent(file!.name)}`);
  }
});

Deno.test("a chat's images have no documents among them", async () => {
  const chat_id = await user.createChat();
  const [picture] = await uploadAll(user, chat_id, [image(), document()]);
  const { body } = await user.call("presign-download", { chat_id });
  assertEquals(body.downloads.map(({ id }: { id: string }) => id), [picture]);
});

Deno.test("a chat's first document, by the name that it has now", async () => {
  const chat_id = await user.createChat();
  const signed = async () => (await user.call("presign-download", { document_of: chat_id })).body;
  assertEquals(await signed(), { downloads: [], missing: [chat_id] });
  const [first] = await uploadAll(user, chat_id, [document("Ein Dokument.pdf"), document("b.pdf")]);
  const opened = async () => {
    const { downloads: [{ id, url }] } = await signed();
    assertEquals(id, chat_id);
    const response = await fetch(url);
    return [response.headers.get("content-disposition")!, await response.text()] as const;
  };
  const [header, text] = await opened();
  assertStringIncludes(header, "Ein%20Dokument.pdf");
  assertStringIncludes(text, "Ein Dokument.pdf");
  // A document may be renamed; its upload keeps the name that it had.
  await user.client.from("chat_documents").update({ name: "Neu.pdf" }).eq("id", first!);
  assertStringIncludes((await opened())[0], "Neu.pdf");
  await user.client.from("chat_documents").delete().eq("id", first!);
  assertStringIncludes((await opened())[0], "b.pdf");
});

Deno.test("unknown and other users' chats: not_found", async () => {
  const theirs = await other.createChat();
  for (const id of [crypto.randomUUID(), theirs]) {
    assertError(await user.call("presign-download", { chat_id: id }), 404, "not_found");
    assertError(await user.call("presign-download", { document_of: id }), 404, "not_found");
  }
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const chat_id = crypto.randomUUID();
  const cases: [unknown, string][] = [
    [{ ids: [] }, "ids"],
    [{ ids: Array.from({ length: 1001 }, () => chat_id) }, "ids"],
    [{ ids: ["x"] }, "ids.0"],
    [{ chat_id: "x" }, "chat_id"],
    [{ chat_id, after: "x" }, "after"],
    [{ document_of: 1 }, "document_of"],
  ];
  for (const [body, field] of cases) {
    const error = assertError(await user.call("presign-download", body), 400, "invalid_request");
    assertField(error, field);
  }
});

Deno.test("nothing signed is stored", async () => {
  const [id] = await uploadAll(user, await user.createChat(), [image()]);
  const { data } = await user.client.from("chat_images").select().eq("id", id!).single();
  assert(!JSON.stringify(data).includes("X-Amz"));
});
