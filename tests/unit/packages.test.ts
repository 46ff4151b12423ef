/** What a deployment gets and the suite did not run with is named. */
import { assertEquals } from "@std/assert";
import { differences } from "../../tools/packages.ts";

Deno.test("packages of other versions are named, and those that are new", () => {
  const locked = ["jose@6.2.17", "@aws-sdk/core@3.981.0", "tslib@2.8.1", "left-alone@1.0.0"];
  assertEquals(differences(["tslib@2.8.1"], locked), []);
  assertEquals(
    differences(["tslib@2.8.1", "jose@6.2.18", "@aws-sdk/core@3.981.1", "a@1.0.0"], locked),
    [
      "@aws-sdk/core@3.981.1, where deno.lock has @aws-sdk/core@3.981.0",
      "a@1.0.0, where deno.lock has none",
      "jose@6.2.18, where deno.lock has jose@6.2.17",
    ],
  );
});
