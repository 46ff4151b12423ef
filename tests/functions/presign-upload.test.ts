import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import { databaseError } from "@shared/database_errors.ts";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { presignUpload } from "../../supabase/functions/presign-upload/handler.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import {
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
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { setQuota } from "../support/usage.ts";
import { assertError, assertField, signUp } from "../support/users.ts";

const user = await signUp();
const other = await signUp();
const hash = sha256(new Uint8Array(10));
const file = { name: "a.png", content_type: "image/png", size: 10, sha256: hash };
const pdfFile = { ...file, name: "a.pdf", content_type: "application/pdf", kind: "document" };

Deno.test("presign-upload signs a PUT bound to key, length and type", async () => {
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [image()]);
  const url = new URL(upload!.url);
  assertEquals(url.searchParams.get("X-Amz-SignedHeaders"), "content-length;content-type;host");
  assert(url.pathname.endsWith(`/${user.id}/${chat_id}/incoming/${upload!.id}-1`));
  const lives = Date.parse(upload!.expires_at) - Date.now();
  assert(lives > 880_000 && lives <= 901_000, String(lives));
});

Deno.test("what was not reserved is refused by the bucket, and nothing is stored", async () => {
  const chat_id = await user.createChat();
  const { bytes } = image();
  const [upload] = await reserve(user, chat_id, [image()]);
  const url = new URL(upload!.url);
  const altered = (change: (url: URL) => void) => {
    const copy = new URL(url);
    change(copy);
    return { ...upload!, url: copy.href };
  };
  const refused: Record<string, Promise<number>> = {
    "a byte more": put(upload!, new Uint8Array([...bytes, 0])),
    "a byte less": put(upload!, bytes.slice(1)),
    "another type": put({ ...upload!, headers: { "content-type": "text/html" } }, bytes),
    "no type": put({ ...upload!, headers: {} }, bytes),
    "a chunked body": put(upload!, new Blob([bytes]).stream()),
    "another key": put(altered((u) => u.pathname += "x"), bytes),
    "a longer life": put(altered((u) => u.searchParams.set("X-Amz-Expires", "9999")), bytes),
    "no signature": put(altered((u) => u.search = ""), bytes),
  };
  for (const [what, status] of Object.entries(refused)) assertEquals(await status, 403, what);
  // A bucket that obeys the header (tests/storage/unsigned_headers.test.ts) finds no such object.
  const copy = { ...upload!.headers, "x-amz-copy-source": "/chat-archive/none" };
  const copied = await put({ ...upload!, headers: copy }, bytes);
  assert([403, 404].includes(copied), `a copy of another object: ${copied}`);
  const read = await fetch(upload!.url);
  await read.body?.cancel();
  assertEquals(read.status, 403, "reading with the URL of a PUT");
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
  assertEquals(await put(upload!, bytes), 200);
});

const pathOf = ({ url }: { url: string }) => new URL(url).pathname;

Deno.test("repeating a presign with the same ids gives the same reservation", async () => {
  const chat_id = await user.createChat();
  const id = crypto.randomUUID();
  const [first] = await reserve(user, chat_id, [{ ...image(), id }]);
  const [second] = await reserve(user, chat_id, [{ ...image(), id: id.toUpperCase() }]);
  assertEquals(
    { id: second!.id, path: pathOf(second!), expires_at: second!.expires_at },
    { id, path: pathOf(first!), expires_at: first!.expires_at },
  );
  const [{ count }] = await asOperator((sql) =>
    sql`select count(*)::int from storage_deletions where target like ${`%${id}%`}`
  ) as unknown as [{ count: number }];
  assertEquals(count, 1, "one entry of the outbox");
});

Deno.test("an id that is taken by another file: conflict", async () => {
  const chat_id = await user.createChat();
  const id = crypto.randomUUID();
  const [document_id] = await uploadAll(user, chat_id, [document()]);
  await reserve(user, chat_id, [{ ...image(), id }]);
  const same = { ...factsOf(image()), id };
  const changes = [
    { size: 1 },
    { name: "b.png" },
    { description: "x" },
    { width: 9 },
    { page_number: 1 },
    { coords_norm: [0, 0, 1, 1] },
    { document_id },
  ];
  for (const change of changes) {
    const error = assertError(
      await user.call("presign-upload", { chat_id, files: [{ ...same, ...change }] }),
      409,
      "conflict",
    );
    assertField(error, "files.0.id");
  }
});

Deno.test("an id that another user has: conflict, and nothing about it", async () => {
  const id = crypto.randomUUID();
  await reserve(other, await other.createChat(), [{ ...image(), id }]);
  const chat_id = await user.createChat();
  const answer = await user.call("presign-upload", { chat_id, files: [{ ...file, id }] });
  assertError(answer, 409, "conflict");
});

/** Lets URLs die, and what was reserved with them expire where the worker has run. */
const expire = (id: string, { worker }: { worker: boolean }) =>
  asOperator(async (sql) => {
    await sql`update uploads set expires_at = now() - interval '2 hours' where id = ${id}`;
    if (worker) await sql`update uploads set status = 'expired' where id = ${id}`;
  });

Deno.test("a reservation whose URL has died is renewed, with another key", async () => {
  const chat_id = await user.createChat();
  const file = { ...image(), id: crypto.randomUUID() };
  const paths = new Set<string>();
  for (const worker of [false, true, false]) {
    const [upload] = await reserve(user, chat_id, [file]);
    paths.add(pathOf(upload!));
    assert(Date.parse(upload!.expires_at) > Date.now());
    await expire(file.id, { worker });
    const { body } = await user.call("confirm-upload", { ids: [file.id] });
    assertEquals(body.rejected[0].code, "upload_mismatch");
  }
  assertEquals(paths.size, 3);
  const entries = await asOperator((sql) =>
    sql`select target from storage_deletions where target like ${`%${file.id}%`}`
  );
  assertEquals(entries.length, 3, "each of its keys is swept");

  const [upload] = await reserve(user, chat_id, [file]);
  assertEquals(await put(upload!, file.bytes), 200);
  const { body } = await user.call("confirm-upload", { ids: [file.id] });
  assertEquals(body.images[0].id, file.id);
  await expire(file.id, { worker: false });
  const answer = await user.call("presign-upload", { chat_id, files: [factsOf(file)] });
  assertField(assertError(answer, 409, "conflict"), "files.0.id");
});

Deno.test("nobody renews what lives, what is confirmed, or what another user has", async () => {
  const chat_id = await user.createChat();
  const [confirmed] = await uploadAll(user, chat_id, [image()]);
  const [living, expired] = await reserve(user, chat_id, [image(), image()]);
  await expire(confirmed!, { worker: false });
  await expire(expired!.id, { worker: true });
  const ids = [confirmed!, living!.id, expired!.id];
  const renewBy = async (who: typeof user) => {
    const { data, error } = await who.client.rpc("renew_uploads", { ids, expires_in: 60 });
    assertEquals(error, null);
    return data!.map(({ id }) => id);
  };
  assertEquals(await renewBy(other), []);
  assertEquals(await renewBy(user), [expired!.id]);
  for (const expires_in of [0, 3601]) {
    await expire(expired!.id, { worker: true });
    const { error } = await user.client.rpc("renew_uploads", { ids, expires_in });
    assertEquals(error?.code, "23514");
  }
});

Deno.test("what a user reserves by hand gets no URL that outlives the setting", async () => {
  const chat_id = await user.createChat();
  const { name: file_name, size: file_size, ...facts } = { ...file, id: crypto.randomUUID() };
  const { id } = facts;
  const made = await user.client.from("uploads")
    .insert({ chat_id, file_name, file_size, ...facts, expires_in: 3600 });
  assertEquals(made.error, null);
  const files = [{ ...file, id }];
  const { status, body } = await user.call("presign-upload", { chat_id, files });
  assertEquals(status, 201, JSON.stringify(body));
  const [{ url, expires_at }] = body.uploads;
  assert(Number(new URL(url).searchParams.get("X-Amz-Expires")) <= 900);
  assert(Date.parse(expires_at) <= Date.now() + 901_000, expires_at);
  // A quarter of an hour later, and more.
  await asOperator((sql) =>
    sql`update uploads set expires_at = expires_at - interval '1000 seconds' where id = ${id}`
  );
  const late = await user.call("presign-upload", { chat_id, files });
  assertField(assertError(late, 409, "conflict"), "files.0.id");
});

Deno.test("an unknown chat: not_found", async () => {
  const answer = await user.call("presign-upload", { chat_id: crypto.randomUUID(), files: [file] });
  assertError(answer, 404, "not_found");
});

Deno.test("another user's chat: not_found, as if it did not exist", async () => {
  const chat_id = await other.createChat();
  const theirs = await user.call("presign-upload", { chat_id, files: [file] });
  const none = await user.call("presign-upload", { chat_id: crypto.randomUUID(), files: [file] });
  assertError(theirs, 404, "not_found");
  assertEquals(theirs.body.message, none.body.message);
});

Deno.test("a message of another chat: not_found", async () => {
  const [chat_id, another] = [await user.createChat(), await user.createChat()];
  const { data } = await user.client.from("chat_messages")
    .insert({ chat_id: another, role: "user", content: "Hello" }).select("id").single();
  const answer = await user.call("presign-upload", {
    chat_id,
    files: [{ ...file, message_id: data!.id }],
  });
  assertError(answer, 404, "not_found");
});

/** Documents that an image of a chat of the user's can't show. */
async function foreignDocuments(): Promise<[string, string][]> {
  const [ofAnotherChat] = await uploadAll(user, await user.createChat(), [document()]);
  const [ofAnotherUser] = await uploadAll(other, await other.createChat(), [document()]);
  const [reserved] = await reserve(user, await user.createChat(), [document()]);
  const [notADocument] = await uploadAll(user, await user.createChat(), [image()]);
  return [
    ["of another chat", ofAnotherChat!],
    ["of another user", ofAnotherUser!],
    ["reserved for another chat", reserved!.id],
    ["an image", notADocument!],
    ["unknown", crypto.randomUUID()],
  ];
}

Deno.test("a document that is not of the chat: not_found, named", async () => {
  const chat_id = await user.createChat();
  for (const [what, document_id] of await foreignDocuments()) {
    const answer = await user.call("presign-upload", {
      chat_id,
      files: [file, { ...file, document_id }, { ...file, document_id }],
    });
    const error = assertError(answer, 404, "not_found");
    assertField(error, "files.1.document_id");
    assertEquals(error.message, "files.1.document_id: the chat has no such document", what);
  }
  const { count } = await user.client.from("uploads")
    .select("*", { count: "exact", head: true }).eq("chat_id", chat_id);
  assertEquals(count, 0);
});

Deno.test("of two documents, one of which is not of the chat: not_found, with the field", async () => {
  const chat_id = await user.createChat();
  const [document_id] = await uploadAll(user, chat_id, [document()]);
  const answer = await user.call("presign-upload", {
    chat_id,
    files: [{ ...file, document_id }, { ...file, document_id: crypto.randomUUID() }],
  });
  assertField(assertError(answer, 404, "not_found"), "document_id");
});

Deno.test("a document and images of its pages are reserved in one request, in any order", async () => {
  const chat_id = await user.createChat();
  const document_id = crypto.randomUUID();
  const files: TestFile[] = [
    { ...image("box.png", 1), document_id, page_number: 3, coords_norm: [0.1, 0.2, 0.3, 1] },
    { ...document(), id: document_id, page_count: 9 },
    { ...image("page.png", 2), document_id, page_number: 2 },
  ];
  const uploads = await reserve(user, chat_id, files);
  assertEquals(uploads[1]!.id, document_id);
  const ids = uploads.map(({ id }) => id);
  const { data } = await user.client.from("uploads")
    .select("id, document_id, page_number, coords_norm, page_count").in("id", ids);
  assertEquals(
    data!.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)),
    [
      { document_id, page_number: 3, coords_norm: [0.1, 0.2, 0.3, 1], page_count: null },
      { document_id: null, page_number: null, coords_norm: null, page_count: 9 },
      { document_id, page_number: 2, coords_norm: null, page_count: null },
    ].map((facts, index) => ({ id: ids[index]!, ...facts })),
  );
  // A repetition brings the same facts, and gets the same answer.
  const again = await reserve(
    user,
    chat_id,
    files.map((one, index) => ({ ...one, id: ids[index]! })),
  );
  assertEquals(again.map(pathOf), uploads.map(pathOf));
});

Deno.test("a file over the limit: payload_too_large, named", async () => {
  const chat_id = await user.createChat();
  const error = assertError(
    await user.call("presign-upload", {
      chat_id,
      files: [file, { ...file, size: 50 * 1024 * 1024 + 1 }],
    }),
    413,
    "payload_too_large",
  );
  assertField(error, "files.1.size");
  const huge = await user.call("presign-upload", {
    chat_id,
    files: [{ ...pdfFile, size: 3 * 1024 ** 3 }],
  });
  assertField(assertError(huge, 413, "payload_too_large"), "files.0.size");
});

Deno.test("a type that is not allowed: unsupported_media_type, named", async () => {
  const chat_id = await user.createChat();
  for (
    const bad of [
      { ...file, content_type: "image/svg+xml" },
      { ...file, content_type: "application/pdf" },
      { ...file, content_type: "image/png", kind: "document" },
      { ...file, content_type: "image/png; charset=utf-8" },
    ]
  ) {
    const error = assertError(
      await user.call("presign-upload", { chat_id, files: [bad] }),
      415,
      "unsupported_media_type",
    );
    assertField(error, "files.0.content_type");
  }
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const chat_id = await user.createChat();
  const id = crypto.randomUUID();
  const cases: [unknown, string][] = [
    [{ files: [file] }, "chat_id"],
    [{ chat_id: "no-uuid", files: [file] }, "chat_id"],
    [{ chat_id }, "files"],
    [{ chat_id, files: [] }, "files"],
    [{ chat_id, files: Array(101).fill(file) }, "files"],
    [{ chat_id, files: "a.png" }, "files"],
    [{ chat_id, files: [{ ...file, size: 0 }] }, "files.0.size"],
    [{ chat_id, files: [{ ...file, size: 1.5 }] }, "files.0.size"],
    [{ chat_id, files: [{ ...file, size: "10" }] }, "files.0.size"],
    [{ chat_id, files: [{ ...file, name: "" }] }, "files.0.name"],
    [{ chat_id, files: [{ ...file, name: " \n" }] }, "files.0.name"],
    [{ chat_id, files: [{ ...file, name: "x".repeat(513) }] }, "files.0.name"],
    [{ chat_id, files: [file, { ...file, kind: "video" }] }, "files.1.kind"],
    [{ chat_id, files: [{ ...file, message_id: "x" }] }, "files.0.message_id"],
    [{ chat_id, files: [{ ...file, name: "a\0b.png" }] }, "files.0.name"],
    [{ chat_id, files: [{ ...file, name: "a\ud800b.png" }] }, "files.0.name"],
    [{ chat_id, files: [{ ...file, image_type: "\0" }] }, "files.0.image_type"],
    [{ chat_id, files: [{ ...file, description: "\udc00" }] }, "files.0.description"],
    [{ chat_id, files: [{ ...file, width: 3e9 }] }, "files.0.width"],
    [{ chat_id, files: [{ ...file, sha256: "abc" }] }, "files.0.sha256"],
    [{ chat_id, files: [{ ...file, sha256: hash.toUpperCase() }] }, "files.0.sha256"],
    [{ chat_id, files: [{ ...file, sha256: undefined }] }, "files.0.sha256"],
    [{ chat_id, files: [{ ...file, sha256: null }] }, "files.0.sha256"],
    [{ chat_id, files: [{ ...file, id }, { ...file, id }] }, "files.1.id"],
    [{ chat_id, files: [{ ...file, user_id: id }] }, "files.0.user_id"],
    [{ chat_id, files: [{ ...file, document_id: "x" }] }, "files.0.document_id"],
    [{ chat_id, files: [{ ...file, page_number: 0 }] }, "files.0.page_number"],
    [{ chat_id, files: [{ ...file, page_number: 1.5 }] }, "files.0.page_number"],
    [{ chat_id, files: [{ ...file, coords_norm: [0, 0, 1, 1.1] }] }, "files.0.coords_norm.3"],
    [{ chat_id, files: [{ ...file, coords_norm: [-0.1, 0, 1, 1] }] }, "files.0.coords_norm.0"],
    [{ chat_id, files: [{ ...file, coords_norm: [0.5, 0, 0.5, 1] }] }, "files.0.coords_norm"],
    [{ chat_id, files: [{ ...file, coords_norm: [0, 1, 1, 0] }] }, "files.0.coords_norm"],
    [{ chat_id, files: [{ ...file, coords_norm: [0, 0, 1] }] }, "files.0.coords_norm"],
    [{ chat_id, files: [{ ...file, coords_norm: [[0, 0, 1, 1]] }] }, "files.0.coords_norm"],
    [{ chat_id, files: [{ ...pdfFile, page_count: 0 }] }, "files.0.page_count"],
    [{ chat_id, files: [file, { ...file, page_count: 1 }] }, "files.1.page_count"],
    ...Object.entries({
      message_id: id,
      document_id: id,
      page_number: 1,
      coords_norm: [0, 0, 1, 1],
      image_type: "crop",
      description: "x",
      width: 1,
      height: 1,
    }).map(([field, value]): [unknown, string] => [
      { chat_id, files: [file, { ...pdfFile, [field]: value }] },
      `files.1.${field}`,
    ]),
  ];
  for (const [body, field] of cases) {
    assertField(
      assertError(await user.call("presign-upload", body), 400, "invalid_request"),
      field,
    );
  }
});

Deno.test("bad input past the function: the same codes, with the column", async () => {
  const chat_id = await user.createChat();
  const [document_id] = await uploadAll(user, chat_id, [document()]);
  const unhashed = { chat_id, file_name: "a.png", content_type: "image/png", file_size: 10 };
  const upload = { ...unhashed, sha256: hash };
  const pdfUpload = { ...upload, kind: "document", content_type: "application/pdf" };
  const cases: [object, string, string][] = [
    [unhashed, "invalid_request", "sha256"],
    [{ ...upload, sha256: "x" }, "invalid_request", "sha256"],
    [{ ...pdfUpload, message_id: crypto.randomUUID() }, "invalid_request", "message_id"],
    [{ ...upload, page_number: 0 }, "invalid_request", "page_number"],
    [{ ...upload, coords_norm: [0, 0, 1, 1.1] }, "invalid_request", "coords_norm"],
    [{ ...upload, coords_norm: [0.5, 0, 0.5, 1] }, "invalid_request", "coords_norm"],
    [{ ...upload, coords_norm: [[0, 0, 1, 1]] }, "invalid_request", "coords_norm"],
    [{ ...upload, page_count: 1 }, "invalid_request", "page_count"],
    [{ ...pdfUpload, page_count: 0 }, "invalid_request", "page_count"],
    [{ ...pdfUpload, document_id }, "invalid_request", "document_id"],
    [{ ...pdfUpload, page_number: 1 }, "invalid_request", "page_number"],
    [{ ...pdfUpload, coords_norm: [0, 0, 1, 1] }, "invalid_request", "coords_norm"],
    [{ ...upload, chat_id: crypto.randomUUID() }, "not_found", "chat_id"],
    [{ ...upload, message_id: crypto.randomUUID() }, "not_found", "message_id"],
    ...(await foreignDocuments()).map(([_, id]): [object, string, string] => [
      { ...upload, document_id: id },
      "not_found",
      "document_id",
    ]),
  ];
  for (const [row, code, column] of cases) {
    const { error, status } = await user.client.from("uploads").insert(row as typeof upload);
    assert(error, JSON.stringify(row));
    const { code: ours, details } = databaseError(error, status);
    assertEquals([ours, details?.[0]?.path], [code, [column]], JSON.stringify(row));
  }
});

Deno.test("bad input to an image that is stored: the same codes, with the column", async () => {
  const chat_id = await user.createChat();
  const [document_id, id] = await uploadAll(user, chat_id, [document(), image()]);
  const update = (change: object) => user.client.from("chat_images").update(change).eq("id", id!);
  const good = { document_id, page_number: 1, coords_norm: [0, 0, 0.5, 1] };
  assertEquals((await update(good)).error, null);
  const cases: [object, string, string][] = [
    [{ page_number: 0 }, "invalid_request", "page_number"],
    [{ coords_norm: [0, 0, 1, 1.1] }, "invalid_request", "coords_norm"],
    [{ coords_norm: [0, 0, 0, 1] }, "invalid_request", "coords_norm"],
    ...(await foreignDocuments()).map(([_, document_id]): [object, string, string] => [
      { document_id },
      "not_found",
      "document_id",
    ]),
  ];
  for (const [change, code, column] of cases) {
    const { error, status } = await update(change);
    assert(error, JSON.stringify(change));
    const { code: ours, details } = databaseError(error, status);
    assertEquals([ours, details?.[0]?.path], [code, [column]], JSON.stringify(change));
  }
  const { data } = await user.client.from("chat_images")
    .select("document_id, page_number, coords_norm").eq("id", id!).single();
  assertEquals(data as unknown, good);
});

Deno.test("100 files in one request, in order", async () => {
  const chat_id = await user.createChat();
  const files = Array.from({ length: 100 }, (_, index) => image(`${index}.png`));
  const uploads = await reserve(user, chat_id, files);
  assertEquals(new Set(uploads.map(({ id }) => id)).size, 100);
});

Deno.test("100 files cost one request to the database", async () => {
  const chat_id = await user.createChat();
  let requests = 0;
  const db = apiClient({
    token: user.token,
    fetch: (input, init) => (requests++, fetch(input, init)),
  });
  const settings = readSettings({ USE_S3_STORAGE: "false" });
  const request = PresignUploadRequest.parse({ chat_id, files: Array(100).fill(file) });
  const { body } = await presignUpload(request, { db, store: bucket, settings, now: Date.now });
  assertEquals([body.uploads.length, requests], [100, 1]);
});

Deno.test("what is reserved counts for the quota, whoever asks at the same time", async () => {
  const someone = await signUp();
  const chat_id = await someone.createChat();
  await setQuota(someone, { max_objects: 200 });
  const kept = crypto.randomUUID();
  await reserve(someone, chat_id, [{ ...image(), id: kept }]);
  const reserveMany = (count: number) =>
    someone.call("presign-upload", { chat_id, files: Array(count).fill(file) });
  await asOperator((sql) =>
    sql`
      insert into uploads (user_id, chat_id, file_name, content_type, file_size, sha256)
      select ${someone.id}, ${chat_id}, 'a.png', 'image/png', 10, ${hash}
      from generate_series(1, 99)`
  );
  const answers = await Promise.all(Array.from({ length: 4 }, () => reserveMany(50)));
  assertEquals(answers.map(({ status }) => status).toSorted(), [201, 201, 429, 429]);
  for (const answer of answers.filter(({ status }) => status === 429)) {
    assertError(answer, 429, "quota_exceeded");
  }
  const { message, details } = assertError(await reserveMany(2), 429, "quota_exceeded");
  assertEquals([message, details as unknown], [
    "objects: the quota is used up",
    { quota: "max_objects", limit: 200, used: 200, asked: 2 },
  ]);
  const { error, status } = await someone.client.from("uploads")
    .insert({
      chat_id,
      file_name: "a",
      content_type: "image/png",
      file_size: 1,
      sha256: hash,
    });
  assertEquals([error?.code, status], ["PT429", 429], "past the function");

  // A repeated request is no new reservation, and other users have their own quota.
  const [again] = await reserve(someone, chat_id, [{ ...image(), id: kept }]);
  await reserve(other, await other.createChat(), [image()]);
  assertEquals(await put(again!, image().bytes), 200);
  assertEquals((await someone.call("confirm-upload", { ids: [kept] })).body.images.length, 1);
  assertError(await reserveMany(1), 429, "quota_exceeded");
  // A new chat is no way around it.
  await someone.client.from("chats").delete().eq("id", chat_id);
  const files = [file];
  const elsewhere = { chat_id: await someone.createChat(), files };
  assertError(await someone.call("presign-upload", elsewhere), 429, "quota_exceeded");
});

Deno.test("a document of 12 MB goes through", async () => {
  const chat_id = await user.createChat();
  const bytes = pdf("x".repeat(12 * 1024 * 1024));
  const [upload] = await reserve(user, chat_id, [
    { name: "big.pdf", content_type: "application/pdf", kind: "document", bytes },
  ]);
  assertEquals(await put(upload!, bytes), 200);
  const answer = await user.call("confirm-upload", { ids: [upload!.id] });
  const [stored] = answer.body.documents;
  assertEquals([stored.id, stored.s3_path, stored.file_size], [
    upload!.id,
    `${user.id}/${chat_id}/documents/${upload!.id}-1.pdf`,
    bytes.length,
  ]);
});

Deno.test("the same bytes may be put twice", async () => {
  const chat_id = await user.createChat();
  const bytes = png(5, 5);
  const [upload] = await reserve(user, chat_id, [
    { name: "a.png", content_type: "image/png", bytes },
  ]);
  assertEquals(await put(upload!, bytes), 200);
  assertEquals(await put(upload!, bytes), 200);
});
