/** Export → import → export is equal, whatever stands in the rows. */
import fc from "fast-check";
import type { ChatExport } from "@shared/contracts/chat-export.ts";
import { assertEquals } from "@std/assert";
import { image, pdf, uploadAll } from "../support/files.ts";
import { essenceOf, exportChat, exportJson, importFile } from "../support/exports.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

/** Text that PostgreSQL can store: no null character, no half of a pair. */
const text = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: "binary", maxLength }),
    fc.constantFrom(
      "",
      " \t\r\n",
      '"\\"',
      "\\u0000 \\ud800",
      "\u0001\u001f\u007f\u0080",
      "\u2028\u2029\ufeff\ufffd",
      "أهلا 你好 😀 \u202e",
      "```\n<!-- ",
      "]]}},{",
    ),
  ).map((value) => value.toWellFormed().replaceAll("\0", "x"));
const line = (maxLength: number) => text(maxLength).map((value) => `x${value}`);
/** Microseconds are kept, too, from the year 1 to 9999. */
const time = fc.tuple(
  fc.date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true }),
  fc.nat(999),
)
  .map(([date, micro]) => date.toISOString().replace("Z", `${String(micro).padStart(3, "0")}Z`));
const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.5, 1e21, 123456789.12345678),
).map((value) => value === 0 ? 0 : value);
const box = (side: fc.Arbitrary<number>) =>
  fc.oneof(
    fc.constant(null),
    fc.tuple(side, side, side, side),
    fc.array(fc.tuple(side, side, side, side), { minLength: 1, maxLength: 3 }),
  );
const unit = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs);
const pixels = fc.double({ min: 0, max: 1e6, noNaN: true }).map(Math.abs);
const index = fc.option(fc.nat(4), { nil: null });
/** What jsonb keeps: no null character, and zero without a sign. */
const json = fc.jsonValue({ maxDepth: 2, noUnicodeString: false } as fc.JsonSharedConstraints)
  .map((value) =>
    JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "").replace(/-0\b(?![.\d])/g, "0"))
  );
const object = fc.dictionary(text(8).filter((key) => key !== "__proto__"), json, { maxKeys: 4 });

const chats = fc.record({
  chat: fc.record({
    title: line(200),
    description: fc.option(text(200), { nil: null }),
    is_archived: fc.boolean(),
    metadata: object,
    external_id: fc.option(line(40), { nil: null }),
    created_at: time,
  }),
  messages: fc.array(
    fc.record({
      role: fc.constantFrom("user", "assistant"),
      content: text(300),
      message_type: line(40),
      parts: fc.option(fc.array(fc.record({ type: text(8), value: json }), { maxLength: 3 }), {
        nil: null,
      }),
      metadata: object,
      /** How many messages before, where there are as many. */
      parent: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
      status: fc.constantFrom("streaming", "complete", "incomplete", "error"),
      created_at: time,
    }),
    { minLength: 5, maxLength: 12 },
  ),
  hits: fc.array(
    fc.record({
      message: index,
      block_id: text(200),
      page_number: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      block_text: fc.option(text(200), { nil: null }),
      score: fc.option(finite, { nil: null }),
      coords_norm: box(unit),
      coords_px: box(pixels),
      metadata: object,
      created_at: time,
    }),
    { maxLength: 8 },
  ),
  images: fc.array(
    fc.record({
      message: index,
      name: line(60),
      description: fc.option(text(100), { nil: null }),
      seed: fc.nat(255),
    }),
    { maxLength: 3 },
  ),
  document: fc.option(line(60), { nil: null }),
});

async function make(
  { chat, messages, hits, images, document }: ReturnType<typeof chats.generate>["value"],
) {
  const insert = async <T>(result: PromiseLike<{ data: T; error: unknown }>) => {
    const { data, error } = await result;
    assertEquals(error, null);
    return data!;
  };
  const external_id = chat.external_id && `${chat.external_id} ${crypto.randomUUID()}`;
  const { id: chat_id } = await insert(
    user.client.from("chats").insert({ ...chat, external_id }).select("id").single(),
  );
  const ids = messages.map(() => crypto.randomUUID());
  const rows = await insert(
    user.client.from("chat_messages").insert(
      messages.map(({ parent, ...one }, n) => ({
        ...one,
        chat_id,
        id: ids[n]!,
        parent_id: parent === null ? null : ids[n - parent] ?? null,
        external_id: n % 2 ? `${n}` : null,
      })),
    ).select("id, seq").order("seq"),
  );
  const of = (message: number | null) => message === null ? null : rows[message]!.id;
  if (hits.length > 0) {
    await insert(
      user.client.from("search_results")
        .insert(hits.map(({ message, ...one }) => ({ ...one, chat_id, message_id: of(message) })))
        .select("id"),
    );
  }
  const files = images.map(({ message, name, seed }) => ({
    ...image(name, seed),
    ...(message === null ? {} : { message_id: of(message)! }),
  }));
  const pdfs = document === null ? [] : [{
    name: document,
    content_type: "application/pdf",
    bytes: pdf(),
    kind: "document" as const,
  }];
  if (files.length + pdfs.length > 0) {
    const ids = await uploadAll(user, chat_id, [...files, ...pdfs]);
    for (const [n, { description }] of images.entries()) {
      await insert(
        user.client.from("chat_images").update({ description }).eq("id", ids[n]!).select(),
      );
    }
  }
  return chat_id;
}

Deno.test("export, import and export again are equal", async () => {
  await fc.assert(
    fc.asyncProperty(chats, async (content) => {
      const original = await make(content);
      const { status, body } = await importFile(
        user,
        await exportChat(user, original, "zip"),
        "application/zip",
      );
      assertEquals(status, 201, JSON.stringify(body));
      const [before, after]: ChatExport[] = [
        await exportJson(user, original),
        await exportJson(user, body.chat_id),
      ];
      // The chat that it came from has it still.
      before!.chat.external_id = null;
      assertEquals(essenceOf(after!), essenceOf(before!));
    }),
    { numRuns: 15, endOnFailure: true },
  );
});
