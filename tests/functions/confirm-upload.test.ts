/**
 * confirm-upload. What a bucket has a part in runs on each kind of bucket: over HTTP on the stack's own,
 * and with the handlers in this process on the others, which no function knows.
 */
import type { ConfirmUploadResponse } from "@shared/contracts/confirm-upload.ts";
import type { Box } from "@shared/rows.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Acting, acting } from "../support/buckets/acting.ts";
import { testOnEachBucket } from "../support/buckets/each_bucket.ts";
import { isStacksOwn } from "../support/buckets/kinds.ts";
import { withBucketOf } from "../support/buckets/with_bucket_of.ts";
import {
  type Bytes,
  document,
  factsOf,
  image,
  pdf,
  png,
  put,
  reserve,
  sha256,
  type TestFile,
  uploadAll,
} from "../support/files.ts";
import { asOperator, bytesOf, keysBelow } from "../support/stack.ts";
import { assertError, assertField, signUp } from "../support/users.ts";

const user = await signUp();
const other = await signUp();

/** What a user does with one bucket, and what lies there. */
interface On extends Pick<Acting, "reserve"> {
  confirm(ids: string[]): Promise<ConfirmUploadResponse>;
  keys(chat_id: string): Promise<string[]>;
  bytes(key: string): Promise<Bytes>;
}

const overHttp: Pick<On, "reserve" | "confirm"> = {
  async reserve(files, chat) {
    const chat_id = chat ?? await user.createChat();
    return (await reserve(user, chat_id, files)).map((upload) => ({ chat_id, ...upload }));
  },
  async confirm(ids) {
    const { status, body } = await user.call("confirm-upload", { ids });
    assertEquals(status, 200);
    return body;
  },
};

function testEachBucket(name: string, work: (on: On) => Promise<void>): void {
  testOnEachBucket(name, (under) =>
    withBucketOf([user], under, (store) =>
      work({
        ...(isStacksOwn(under) ? overHttp : acting(user, store)),
        keys: (chat_id) => keysBelow(`${user.id}/${chat_id}/`, store),
        bytes: (key) => bytesOf(key, store),
      })));
}

/** Uploads one file and confirms it. */
async function confirmOne(
  file: TestFile,
  sent = file.bytes,
  { reserve, confirm }: Pick<On, "reserve" | "confirm"> = overHttp,
) {
  // The hash is right, so that what else is looked at decides.
  const [upload] = await reserve([{ ...file, sha256: sha256(sent) }]);
  assertEquals(await put(upload!, sent), 200);
  return { chat_id: upload!.chat_id, upload: upload!, body: await confirm([upload!.id]) };
}

testEachBucket("a verified image becomes a row, with its own dimensions", async (on) => {
  const chat_id = await user.createChat();
  const { data: message } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "assistant", content: "Look" }).select("id").single();
  const bytes = png(31, 17);
  const name = "Схема «б» / page 1 😀.png";
  const [upload] = await on.reserve(
    [{ name, content_type: "image/png", bytes, message_id: message!.id }],
    chat_id,
  );
  await put(upload!, bytes);
  const { images: [row], rejected } = await on.confirm([upload!.id]);
  assertEquals(rejected, []);
  const { seq, uploaded_at, s3_url, ...rest } = row!;
  assert(seq > 0 && Date.parse(uploaded_at) > 0);
  assertEquals(rest, {
    id: upload!.id,
    chat_id,
    user_id: user.id,
    message_id: message!.id,
    document_id: null,
    page_number: null,
    coords_norm: null,
    image_name: name,
    s3_path: `${user.id}/${chat_id}/images/${upload!.id}-1.png`,
    image_type: "viewport",
    content_type: "image/png",
    description: null,
    width: 31,
    height: 17,
    file_size: bytes.length,
    sha256: sha256(bytes),
    bytes: 0,
  });
  assertMatch(s3_url!, new RegExp(`/${rest.s3_path}$`));
  assertEquals(await on.keys(chat_id), [rest.s3_path], "the incoming key is gone");
  assertEquals(await on.bytes(rest.s3_path), bytes);
});

testEachBucket("a verified document becomes a row, with its own name and pages", async (on) => {
  const file = { ...document("Отчёт.pdf"), page_count: 12 };
  const { chat_id, upload, body } = await confirmOne(file, file.bytes, on);
  const { seq, uploaded_at, ...row } = body.documents[0]!;
  assert(seq > 0 && Date.parse(uploaded_at) > 0);
  assertEquals(row, {
    id: upload.id,
    chat_id,
    user_id: user.id,
    name: "Отчёт.pdf",
    s3_path: `${user.id}/${chat_id}/documents/${upload.id}-1.pdf`,
    content_type: "application/pdf",
    file_size: file.bytes.length,
    sha256: sha256(file.bytes),
    page_count: 12,
    metadata: {},
  });
  assertEquals(body.images, []);
  assertEquals(await on.bytes(row.s3_path), file.bytes);
});

Deno.test("a chat has several documents, and document_path names the first one", async () => {
  const chat_id = await user.createChat();
  const [first] = await uploadAll(user, chat_id, [document("first.pdf")]);
  const uploads = await reserve(user, chat_id, [document("a.pdf"), document("b.pdf")]);
  await put(uploads[0]!, document("a.pdf").bytes);
  await put(uploads[1]!, document("b.pdf").bytes);
  const ids = uploads.map(({ id }) => id);
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);
  for (const order of [ids, ids.toReversed()]) {
    const { body } = await user.call("confirm-upload", { ids: order });
    assertEquals([idsOf(body.documents), body.rejected], [ids, []]);
  }
  const { data: rows } = await user.client.from("chat_documents").select("id, seq")
    .eq("chat_id", chat_id).order("seq");
  assertEquals(idsOf(rows!), [first, ...ids]);

  const pathOf = async () =>
    (await user.client.from("chats").select("document_path").eq("id", chat_id).single()).data!
      .document_path;
  assertEquals(await pathOf(), `${user.id}/${chat_id}/documents/${first}-1.pdf`);
  await user.client.from("chat_documents").delete().eq("id", first!);
  assertEquals(await pathOf(), `${user.id}/${chat_id}/documents/${ids[0]}-1.pdf`);
  assertEquals(
    (await keysBelow(`${user.id}/${chat_id}/documents/`)).length,
    3,
    "until the worker runs",
  );
});

Deno.test("an image keeps its document, page and box, also where all come in one request", async () => {
  const chat_id = await user.createChat();
  const document_id = crypto.randomUUID();
  const facts = { document_id, page_number: 4, coords_norm: [0.25, 0, 1, 0.5] as Box };
  const files = [{ ...image(), ...facts }, { ...document(), id: document_id }];
  const uploads = await reserve(user, chat_id, files);
  for (const [index, upload] of uploads.entries()) await put(upload, files[index]!.bytes);
  const { body } = await user.call("confirm-upload", { ids: uploads.map(({ id }) => id) });
  assertEquals(body.rejected, []);
  const [{ document_id: its, page_number, coords_norm }] = body.images;
  assertEquals({ document_id: its, page_number, coords_norm }, facts);
});

Deno.test("an image whose document never arrived is stored without it", async () => {
  const chat_id = await user.createChat();
  const document_id = crypto.randomUUID();
  const [upload] = await reserve(user, chat_id, [
    { ...image(), document_id, page_number: 4 },
    { ...document(), id: document_id },
  ]);
  await put(upload!, image().bytes);
  const { body } = await user.call("confirm-upload", { ids: [upload!.id, document_id] });
  const [{ document_id: its, page_number }] = body.images;
  assertEquals([its, page_number], [null, 4]);
  assertEquals([body.documents, body.rejected[0].code], [[], "upload_mismatch"]);
});

Deno.test("an image that is confirmed before its document gets it later", async () => {
  const chat_id = await user.createChat();
  const document_id = crypto.randomUUID();
  const files = [{ ...document(), id: document_id }, { ...image(), document_id, page_number: 2 }];
  const [first, second] = await reserve(user, chat_id, files);
  await put(second!, files[1]!.bytes);
  const early = await user.call("confirm-upload", { ids: [second!.id] });
  assertEquals(early.body.images[0].document_id, null);
  await put(first!, files[0]!.bytes);
  await user.call("confirm-upload", { ids: [document_id] });
  const { data } = await user.client.from("chat_images").select("document_id").eq("id", second!.id);
  assertEquals(data, [{ document_id }]);
});

Deno.test("a document that was deleted since: not_found in rejected", async () => {
  const { upload } = await confirmOne(document("a.pdf"));
  await user.client.from("chat_documents").delete().eq("id", upload.id);
  const { body } = await user.call("confirm-upload", { ids: [upload.id] });
  assertEquals([body.documents, body.rejected[0].code], [[], "not_found"]);
});

Deno.test("an image that claims impossible dimensions does not stop the others", async () => {
  const huge = png(4, 3);
  new DataView(huge.buffer).setUint32(16, 0x90000000);
  const chat_id = await user.createChat();
  const uploads = await reserve(user, chat_id, [{ ...image(), bytes: huge }, image()]);
  await put(uploads[0]!, huge);
  await put(uploads[1]!, image().bytes);
  const { status, body } = await user.call("confirm-upload", { ids: uploads.map(({ id }) => id) });
  assertEquals(status, 200);
  assertEquals(body.images.map(({ id }: { id: string }) => id), [uploads[1]!.id]);
  assertMatch(body.rejected[0].message, /dimensions/);
});

Deno.test("the id of an image that lives is never reserved again", async () => {
  const { chat_id, upload } = await confirmOne(image());
  // As it is when its reservation went with a message, and the receipt was purged.
  await asOperator(async (sql) => {
    await sql`delete from uploads where id = ${upload.id}`;
    await sql`delete from storage_deletions where target like ${`%${upload.id}%`}`;
  });
  const answer = await user.call("presign-upload", {
    chat_id,
    files: [{ ...factsOf(image()), id: upload.id }],
  });
  assertError(answer, 409, "conflict");
});

testEachBucket("what is not what it says is refused, and its bytes go", async (on) => {
  const html = (size: number) => new TextEncoder().encode("<html>".padEnd(size, " "));
  const whole = png(9, 9);
  const zip = new Uint8Array([0x50, 0x4b, 3, 4, ...pdf().slice(4)]);
  const cut = whole.slice();
  cut.fill(0, -12);
  const cases: [string, TestFile, Uint8Array<ArrayBuffer>, RegExp][] = [
    ["a PNG that is HTML", image(), html(image().bytes.length), /not image\/png/],
    ["a PNG that is cut off", { ...image(), bytes: whole }, cut, /cut off/],
    [
      "a JPEG that is a PNG",
      { ...image("a.jpg"), content_type: "image/jpeg" },
      image().bytes,
      /not image\/jpeg/,
    ],
    [
      "a PDF that is a zip",
      { name: "a.pdf", content_type: "application/pdf", kind: "document", bytes: pdf() },
      zip,
      /not application\/pdf/,
    ],
    [
      "a PDF without its end",
      { name: "a.pdf", content_type: "application/pdf", kind: "document", bytes: pdf() },
      new TextEncoder().encode(new TextDecoder().decode(pdf()).replace("%%EOF", "     ")),
      /cut off/,
    ],
  ];
  for (const [what, file, sent, expected] of cases) {
    const { chat_id, upload, body } = await confirmOne(file, sent, on);
    assertEquals(body.images, [], what);
    assertEquals(body.rejected.length, 1, what);
    const { id, code, message } = body.rejected[0]!;
    assertEquals([id, code], [upload.id, "upload_mismatch"]);
    assertMatch(message, expected, what);
    assertEquals(await on.keys(chat_id), [], what);
  }
});

testEachBucket("a file that never arrived: upload_mismatch; the URL still works", async (on) => {
  const [upload] = await on.reserve([image()]);
  const { rejected } = await on.confirm([upload!.id]);
  assertEquals(rejected.map(({ code }) => code), ["upload_mismatch"]);
  await put(upload!, image().bytes);
  assertEquals((await on.confirm([upload!.id])).images.length, 1);
});

testEachBucket("confirming again, and twice at once, gives the same rows", async (on) => {
  const files = [image("a.png", 1), image("b.png", 2)];
  const uploads = await on.reserve(files);
  for (const [index, upload] of uploads.entries()) await put(upload, files[index]!.bytes);
  const ids = uploads.map(({ id }) => id);
  const both = await Promise.all([on.confirm(ids), on.confirm(ids)]);
  const again = await on.confirm(ids);
  assertEquals(both, [again, again]);
  assertEquals(again.images.map(({ id }) => id).toSorted(), ids.toSorted());
});

testEachBucket(
  "other bytes put through the same URL change nothing that a row names",
  async (on) => {
    const file = image("a.png", 1);
    const { chat_id, upload, body } = await confirmOne(file, file.bytes, on);
    await put(upload, image("a.png", 2).bytes);
    assertEquals(await on.confirm([upload.id]), body);
    const { s3_path } = body.images[0]!;
    assertEquals(await on.bytes(s3_path), file.bytes);
    const images = (await on.keys(chat_id)).filter((key) => key.includes("/images/"));
    assertEquals(images, [s3_path]);
  },
);

testEachBucket("other bytes than those of the hash: nothing is told, and they go", async (on) => {
  const [upload] = await on.reserve([image("a.png", 1)]);
  const nothing = await on.confirm([upload!.id]);
  for (const bytes of [png(4, 3, 2), new Uint8Array(image().bytes.length)]) {
    await put(upload!, bytes);
    assertEquals(await on.confirm([upload!.id]), nothing);
    assertEquals(await on.keys(upload!.chat_id), []);
  }
  await put(upload!, image("a.png", 1).bytes);
  assertEquals((await on.confirm([upload!.id])).images.length, 1);
});

Deno.test("a reservation that was swept: upload_mismatch", async () => {
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [image()]);
  await put(upload!, image().bytes);
  await asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${upload!.id}`
  );
  const { body } = await user.call("confirm-upload", { ids: [upload!.id] });
  assertEquals(body.images, []);
  assertMatch(body.rejected[0].message, /expired/);
});

Deno.test("an image that was deleted since: not_found in rejected", async () => {
  const { upload } = await confirmOne(image());
  await user.client.from("chat_images").delete().eq("id", upload.id);
  const { body } = await user.call("confirm-upload", { ids: [upload.id] });
  assertEquals(body.rejected.map(({ code }: { code: string }) => code), ["not_found"]);
});

Deno.test("unknown and other users' ids: not_found when none is the caller's", async () => {
  const [theirs] = await reserve(other, await other.createChat(), [image()]);
  const unknown = crypto.randomUUID();
  assertError(await user.call("confirm-upload", { ids: [unknown] }), 404, "not_found");
  assertError(await user.call("confirm-upload", { ids: [theirs!.id] }), 404, "not_found");

  const [mine] = await reserve(user, await user.createChat(), [image()]);
  await put(mine!, image().bytes);
  const { status, body } = await user.call("confirm-upload", {
    ids: [theirs!.id, mine!.id, unknown],
  });
  assertEquals(status, 200);
  assertEquals(body.images.length, 1);
  assertEquals(
    body.rejected.map(({ id, code }: { id: string; code: string }) => [id, code]),
    [[theirs!.id, "not_found"], [unknown, "not_found"]],
  );
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const cases: [unknown, string][] = [
    [{}, "ids"],
    [{ ids: [] }, "ids"],
    [{ ids: Array.from({ length: 101 }, () => crypto.randomUUID()) }, "ids"],
    [{ ids: ["x"] }, "ids.0"],
    [{ ids: [1] }, "ids.0"],
  ];
  for (const [body, field] of cases) {
    const error = assertError(await user.call("confirm-upload", body), 400, "invalid_request");
    assertField(error, field);
  }
});

Deno.test("a client can't confirm past the function", async () => {
  const [upload] = await reserve(user, await user.createChat(), [image()]);
  const { error } = await user.client.rpc("confirm_uploads", { verified: [{ id: upload!.id }] });
  assert(error);
  assertEquals(error.code, "42501");
});
