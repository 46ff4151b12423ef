import { databaseError } from "@shared/database_errors.ts";
import { assert, assertEquals } from "@std/assert";

Deno.test("the database's codes become ours", () => {
  const cases: [string, string][] = [
    ["23503", "not_found"],
    ["23505", "conflict"],
    ["42501", "forbidden"],
    ["22P02", "invalid_request"],
    ["22001", "invalid_request"],
    ["23502", "invalid_request"],
    ["23514", "invalid_request"],
    ["40001", "database_unavailable"],
    ["40P01", "database_unavailable"],
    ["57014", "database_unavailable"],
    ["08006", "database_unavailable"],
    ["54001", "payload_too_large"],
    ["PGRST001", "database_unavailable"],
    ["", "database_unavailable"],
    ["PGRST116", "not_found"],
    ["PGRST301", "unauthorized"],
    ["PGRST205", "internal"],
    ["XX000", "internal"],
  ];
  for (const [code, ours] of cases) assertEquals(databaseError({ code, message: "" }).code, ours);
});

Deno.test("the column that is wrong is named; the database's own words are not shown", () => {
  const error = databaseError({
    code: "23514",
    message: 'new row for relation "chats" violates check constraint "chats_title_not_blank"',
    details: "Failing row contains (secret)",
  });
  assertEquals(error.details, [{ path: ["title"], message: "a value is not allowed" }]);
  assertEquals(error.message, "title: a value is not allowed");
});

const databaseSays = (code: string, message: string) => {
  const { code: ours, message: text, details } = databaseError({ code, message });
  return [ours, text, Array.isArray(details) && details.map(({ path }) => path.join("."))];
};

Deno.test("what is taken, absent or not allowed is named by its constraint", () => {
  const cases: [string, string, string, string][] = [
    ["23505", 'violates unique constraint "chats_pkey"', "conflict", "id: the id is taken"],
    [
      "23505",
      'violates unique constraint "chat_messages_external_id_key"',
      "conflict",
      "external_id: the id is taken",
    ],
    [
      "23503",
      'violates foreign key constraint "chat_images_document_fkey"',
      "not_found",
      "document_id: no such row",
    ],
    [
      "23514",
      'violates check constraint "uploads_coords_norm_box"',
      "invalid_request",
      "coords_norm: a value is not allowed",
    ],
    ["23502", 'null value in column "role"', "invalid_request", "role: a value is not allowed"],
  ];
  for (const [code, message, ours, text] of cases) {
    assertEquals(databaseSays(code, message), [ours, text, [text.split(":")[0]!]]);
  }
});

Deno.test("what the schema itself says about a field is passed on", () => {
  const cases: [string, string, string][] = [
    ["23503", "parent_id: must be an earlier message of the chat", "not_found"],
    ["23505", "role: the id is taken by a row with another value", "conflict"],
    ["22023", "messages: a list of at most 1000", "invalid_request"],
  ];
  for (const [code, message, ours] of cases) {
    assertEquals(databaseSays(code, message), [ours, message, [message.split(":")[0]!]]);
  }
});

Deno.test("a quota that is used up says which, and by how much; another 429 does not", () => {
  const quota = { quota: "max_chats", limit: 1, used: 1, asked: 1 };
  const message = "chats: the quota is used up";
  const error = databaseError({ code: "PT429", message, details: JSON.stringify(quota) });
  assertEquals([error.code, error.status, error.message, error.details as unknown], [
    "quota_exceeded",
    429,
    message,
    quota,
  ]);
  for (const details of [null, "", "text", "7", "null", "{}", "[]"]) {
    const other = databaseError({ code: "PT429", message: "secret", details });
    assertEquals([other.code, other.details], ["quota_exceeded", undefined]);
    assert(!other.message.includes("secret"), other.message);
  }
});

Deno.test("no other text of the database is passed on", () => {
  const cases: [string, string][] = [
    ["22P02", 'invalid input syntax for type uuid: "secret"'],
    ["22P02", "secret: value"],
    ["22023", "secret value: more"],
    ["22023", "field: one line\nsecret: another"],
    ["23503", 'Key (chat_id)=(secret) is not present in table "chats".'],
    ["23505", "objects of a secret chat with this id are still being removed"],
    ["23505", 'duplicate key value violates unique constraint "secret_pkey"'],
    ["23514", "secret: value"],
    ["42501", "secret: value"],
    ["57014", "secret: value"],
    ["PGRST116", "secret: value"],
    ["XX000", "secret: value"],
  ];
  for (const [code, message] of cases) {
    const error = databaseError({ code, message, details: "secret", hint: "secret" });
    assertEquals(error.details, undefined, message);
    assert(!error.message.includes("secret"), error.message);
    assertEquals((error.cause as Error).message, message, "the cause is for logs");
  }
});
