import { HealthResponse } from "@shared/contracts/health.ts";
import { assertEquals } from "../support/assert.ts";
import { assertError, request } from "../support/users.ts";

Deno.test("health tells of every part, without a key", async () => {
  const { status, body } = await request("health");
  assertEquals(status, 200);
  const health = HealthResponse.parse(body);
  assertEquals(health.checks.database.status, "ok");
  assertEquals(health.checks.storage.status, "ok");
  assertEquals(Object.keys(health.checks).toSorted(), ["cleanup", "database", "storage"]);
});

Deno.test("health with another method: method_not_allowed", async () => {
  assertError(await request("health", { method: "DELETE" }), 405, "method_not_allowed");
});
