import { databaseError } from "@shared/database_errors.ts";
import { assertEquals } from "@std/assert";

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
