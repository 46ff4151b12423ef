/** What 0.1 exported comes in: version 1, as its JSON and its zips were written. */
import { zipSync } from "fflate";
import { EXPORT_VERSION } from "@shared/contracts/chat-export.ts";
import { ImportChatResponse } from "@shared/contracts/import-chat.ts";
import { assertEquals } from "@std/assert";
import { VERSIONS } from "../../supabase/functions/import-chat/versions.ts";
import { exportJson, importFile } from "../support/exports.ts";
import { image, pdf } from "../support/files.ts";
import { assertError, assertField, signUp } from "../support/users.ts";

const user = await signUp();
const encoder = new TextEncoder();

const USER = "11111111-1111-4111-8111-111111111111";
const CHAT = "22222222-2222-4222-8222-222222222222";
const common = { chat_id: CHAT, user_id: USER };
const TIME = "2021-02-03T04:05:06.789012+00:00";
const question = "33333333-3333-4333-8333-333333333333";
const answer = "44444444-4444-4444-8444-444444444444";

/** An export of version 1. @param inZip names files instead of links */
function version1(inZip: boolean) {
  const link = { url: "https://bucket.example/file?signature", expires_at: TIME };
  const location = (file: string) => inZip ? { file } : { link };
  return {
    format: "chat-archive",
    version: 1,
    exported_at: "2026-11-22T15:27:34.890Z",
    chat: {
      id: CHAT,
      user_id: USER,
      title: "Отчёт",
      description: "about\nit",
      document_path: `${USER}/${CHAT}/documents/55555555-5555-4555-8555-555555555555.pdf`,
      is_archived: true,
      metadata: { a: [1, null] },
      created_at: TIME,
      updated_at: TIME,
    },
    document: {
      id: "55555555-5555-4555-8555-555555555555" as string | null,
      file_name: "Отчёт.pdf",
      content_type: "application/pdf",
      file_size: pdf().length as number | null,
      sha256: null,
      ...location("document/Отчёт.pdf"),
    },
    messages: [
      { role: "user", content: "Привет", message_type: "text", id: question, seq: 7 },
      { role: "assistant", content: "**Да**", message_type: "note", id: answer, seq: 9 },
    ].map((message) => ({ ...message, ...common, created_at: TIME })),
    images: [{
      ...common,
      id: "66666666-6666-4666-8666-666666666666",
      message_id: answer,
      seq: 10,
      image_name: "page 1.png",
      s3_path: `${USER}/${CHAT}/images/66666666-6666-4666-8666-666666666666.png`,
      s3_url: null,
      image_type: "crop",
      content_type: "image/png",
      description: "described",
      width: 4,
      height: 3,
      file_size: image().bytes.length,
      sha256: null,
      uploaded_at: TIME,
      ...location("images/page 1.png"),
    }],
    search_results: [{
      ...common,
      id: "77777777-7777-4777-8777-777777777777",
      message_id: answer,
      seq: 11,
      block_id: "b7",
      page_number: 2,
      block_text: "text",
      score: 0.5,
      coords_norm: [0, 0.1, 0.2, 1],
      coords_px: null,
      created_at: TIME,
    }],
  };
}

function zipped(file: object, ...without: string[]): Uint8Array<ArrayBuffer> {
  const files: Record<string, Uint8Array> = {
    "chat.json": encoder.encode(JSON.stringify(file)),
    "chat.md": encoder.encode("# Отчёт\n"),
    "document/Отчёт.pdf": pdf(),
    "images/page 1.png": image().bytes,
  };
  for (const path of without) delete files[path];
  return zipSync(files, { level: 0 });
}

async function imported(body: BodyInit, type: string) {
  const { status, body: result } = await importFile(user, body, type);
  assertEquals(status, 201, JSON.stringify(result));
  const { chat_id, ...counts } = ImportChatResponse.parse(result);
  return { counts, file: await exportJson(user, chat_id) };
}

Deno.test("a zip of version 1 comes in whole; what is new in 0.2 has its defaults", async () => {
  const { counts, file } = await imported(zipped(version1(true)), "application/zip");
  assertEquals(counts, { messages: 2, images: 1, documents: 1, search_results: 1, missing: [] });
  const { chat, documents, messages, images, search_results } = file;
  assertEquals([chat.title, chat.created_at, chat.external_id], ["Отчёт", TIME, null]);
  assertEquals(chat.document_path, documents[0]!.s3_path);
  assertEquals(
    documents.map(({ name, page_count, metadata }) => ({ name, page_count, metadata })),
    [
      { name: "Отчёт.pdf", page_count: null, metadata: {} },
    ],
  );
  assertEquals(
    messages.map((one) => [one.content, one.message_type, one.created_at]),
    [["Привет", "text", TIME], ["**Да**", "note", TIME]],
  );
  for (const { parts, metadata, parent_id, external_id, status } of messages) {
    assertEquals([parts, metadata, parent_id, external_id, status], [
      null,
      {},
      null,
      null,
      "complete",
    ]);
  }
  const [shown] = images;
  assertEquals(shown!.message_id, messages[1]!.id);
  assertEquals([shown!.document_id, shown!.page_number, shown!.coords_norm], [null, null, null]);
  const [result] = search_results;
  assertEquals([result!.score, result!.document_id, result!.metadata], [0.5, null, {}]);
  assertEquals(await (await fetch(documents[0]!.link!.url)).bytes(), pdf());
  assertEquals(await (await fetch(shown!.link!.url)).bytes(), image().bytes);
});

Deno.test("JSON of version 1 comes in without its files, and names them", async () => {
  const { counts, file } = await imported(JSON.stringify(version1(false)), "application/json");
  assertEquals(counts, {
    messages: 2,
    images: 0,
    documents: 0,
    search_results: 1,
    missing: ["Отчёт.pdf", "page 1.png"],
  });
  assertEquals(file.messages.length, 2);
});

Deno.test("version 1 without a document, with one of unknown facts, or without its bytes", async () => {
  const none = { ...version1(true), document: null };
  const { counts } = await imported(zipped(none, "document/Отчёт.pdf"), "application/zip");
  assertEquals([counts.documents, counts.missing], [0, []]);
  const unknown = version1(true);
  Object.assign(unknown.document, { id: null, file_size: null });
  for (
    const body of [zipped(unknown), zipped(version1(true), "document/Отчёт.pdf")]
  ) {
    const { counts } = await imported(body, "application/zip");
    assertEquals([counts.images, counts.documents, counts.missing], [1, 0, ["Отчёт.pdf"]]);
  }
});

Deno.test("columns and keys that version 1 does not have are refused", async () => {
  // deno-lint-ignore no-explicit-any -- files that are wrong in any way
  const cases: [(file: any) => void, string][] = [
    [(file) => file.messages[0].parts = [], "messages.0.parts"],
    [(file) => file.chat.external_id = null, "chat.external_id"],
    [(file) => file.images[0].page_number = 1, "images.0.page_number"],
    [(file) => file.search_results[0].metadata = {}, "search_results.0.metadata"],
    [(file) => file.document.name = "x", "document.name"],
    [(file) => file.documents = [], "documents"],
    [(file) => file.document.content_type = "text/html", "document.content_type"],
  ];
  for (const [change, place] of cases) {
    const file = version1(true);
    change(file);
    const refused = assertError(
      await importFile(user, zipped(file), "application/zip"),
      400,
      "invalid_request",
    );
    assertField(refused, place);
  }
  const early = zipSync({
    "document/Отчёт.pdf": pdf(),
    "chat.json": encoder.encode(JSON.stringify(version1(true))),
  });
  const refused = await importFile(user, early as Uint8Array<ArrayBuffer>, "application/zip");
  assertField(assertError(refused, 400, "invalid_request"), "document/Отчёт.pdf");
});

Deno.test("every version that an export ever had can be read", () => {
  const versions = Array.from({ length: EXPORT_VERSION }, (_, index) => index + 1);
  assertEquals([...VERSIONS.keys()], versions);
});
