/** Documents of a chat, the pages that images show, and content types that nobody gave. */
import { createChatArchive, type NewFile } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const archive = createChatArchive(user.client);
const newChat = async () => (await archive.createChat({ title: "Documents" })).id;
const documentsOf = (chat_id: string) => Array.fromAsync(archive.documents({ chat_id }));

Deno.test("a chat has several documents; the first one's key is its document_path", async () => {
  const chat_id = await newChat();
  assertEquals(await documentsOf(chat_id), []);
  const upload = (name: string, page_count?: number) =>
    archive.uploadDocument({
      chat_id,
      document: { name, content: pdf(name), ...(page_count ? { page_count } : {}) },
    });
  const [one, two, three] = [
    await upload("один.pdf", 12),
    await upload("2.pdf"),
    await upload("3.pdf"),
  ];
  assertEquals([one.name, one.content_type, one.file_size, one.page_count], [
    "один.pdf",
    "application/pdf",
    pdf("один.pdf").length,
    12,
  ]);
  assertEquals(two.page_count, null);
  assertEquals(await documentsOf(chat_id), [one, two, three]);
  const chat = await archive.getChat({ id: chat_id });
  assertEquals([chat.document_path, chat.documents], [one.s3_path, [one, two, three]]);
  const file = await archive.download({ id: two.id });
  assertEquals([file.name, await new Response(file.body).bytes()], ["2.pdf", pdf("2.pdf")]);

  assertEquals(await archive.deleteDocument({ id: one.id }), one);
  assertEquals((await archive.getChat({ id: chat_id })).document_path, two.s3_path);
  assertEquals(await documentsOf(chat_id), [two, three]);
  await assertCode(() => archive.deleteDocument({ id: one.id }), "not_found");
  const theirs = createChatArchive((await signUp()).client);
  await assertCode(() => theirs.deleteDocument({ id: two.id }), "not_found");
  assertEquals(await Array.fromAsync(theirs.documents({ chat_id })), []);
});

Deno.test("images and search results name a document and a page, and outlive it", async () => {
  const chat_id = await newChat();
  const document = await archive.uploadDocument({
    chat_id,
    document: { name: "a.pdf", content: pdf() },
  });
  const message = await archive.addMessage({ chat_id, role: "user", content: "x" });
  const place = { document_id: document.id, page_number: 3 };
  const [image] = await archive.uploadImages({
    chat_id,
    images: [{
      name: "crop.png",
      content: png(4, 4),
      image_type: "crop",
      message_id: message.id,
      coords_norm: [0.5, 0, 1, 0.5],
      ...place,
    }],
  });
  const [hit] = await archive.addSearchResults({
    chat_id,
    search_results: [{
      ...place,
      message_id: message.id,
      block_id: "b",
      coords_norm: [0.25, 0.25, 0.75, 0.75],
      metadata: { kind: "table" },
    }],
  });
  assertEquals([image!.document_id, image!.page_number, image!.coords_norm], [
    document.id,
    3,
    [0.5, 0, 1, 0.5],
  ]);
  assertEquals([hit!.document_id, hit!.metadata], [document.id, { kind: "table" }]);
  assertEquals(archive.boxesOn(image!, hit!), [[0, 0.5, 0.5, 1]]);

  await archive.deleteDocument({ id: document.id });
  const [read] = await Array.fromAsync(archive.history({ chat_id }));
  assertEquals([read!.images, read!.search_results], [
    [{ ...image!, document_id: null }],
    [{ ...hit!, document_id: null }],
  ]);
});

Deno.test("boxes come as lists, in whatever form they were given", async () => {
  const chat_id = await newChat();
  const { id: message_id } = await archive.addMessage({ chat_id, role: "user", content: "x" });
  const box: [number, number, number, number] = [0, 0.1, 0.5, 1];
  const hit = { message_id, block_id: "b", page_number: 1 };
  const search_results = [
    { ...hit, id: crypto.randomUUID(), coords_norm: box, coords_px: [box, box] },
    { ...hit, id: crypto.randomUUID(), coords_norm: [box], coords_px: null },
    { ...hit, id: crypto.randomUUID() },
  ];
  const expected = [[[box], [box, box]], [[box], null], [null, null]];
  const add = () => archive.addSearchResults({ chat_id, search_results });
  const boxes = (hits: Awaited<ReturnType<typeof add>>) =>
    hits.map(({ coords_norm, coords_px }) => [coords_norm, coords_px]);
  assertEquals(boxes(await add()), expected);
  assertEquals(boxes(await add()), expected, "repeated");
  assertEquals(boxes(await Array.fromAsync(archive.searchResults({ chat_id }))), expected);
  const [message] = await Array.fromAsync(archive.history({ chat_id }));
  assertEquals(boxes(message!.search_results), expected);
  // The other form of the same box is no other value.
  const again = [{ ...search_results[0]!, coords_norm: [box] }];
  assertEquals(boxes(await archive.addSearchResults({ chat_id, search_results: again })), [
    expected[0]!,
  ]);
});

Deno.test("a content type that is not given comes from the bytes, else from the name", async () => {
  const chat_id = await newChat();
  const upload = async (file: NewFile) => {
    const [image] = await archive.uploadImages({ chat_id, images: [file] });
    return image!.content_type;
  };
  const content = png(3, 3);
  assertEquals(await upload({ content }), "image/png");
  assertEquals(await upload({ name: "photo.jpg", content }), "image/png", "bytes are surer");
  assertEquals(await upload({ name: "no end", content: new Blob([content]) }), "image/png");
  const unknown = new Blob([content], { type: "application/octet-stream" });
  assertEquals(await upload({ name: "x", content: unknown }), "image/png");
  const document = await archive.uploadDocument({ chat_id, document: { content: pdf() } });
  assertEquals(document.content_type, "application/pdf");

  const nothing = new Uint8Array([1, 2, 3]);
  const error = await assertCode(
    () => upload({ name: "a.bin", content: nothing }),
    "unsupported_media_type",
  );
  assertEquals(error.details?.[0]?.path, ["images", 0, "content_type"]);
  assert(
    error.message.endsWith("one of image/png, image/jpeg, image/webp, image/gif"),
    error.message,
  );
  const other = await assertCode(
    () => archive.uploadDocument({ chat_id, document: { name: "a", content: nothing } }),
    "unsupported_media_type",
  );
  assert(other.message.endsWith("give one of application/pdf"), other.message);
  // By its name only: the server looks at the bytes, and refuses them.
  await assertCode(() => upload({ name: "a.webp", content: nothing }), "upload_mismatch");
  await assertCode(() => upload({ name: "a.pdf", content: pdf() }), "unsupported_media_type");
});
