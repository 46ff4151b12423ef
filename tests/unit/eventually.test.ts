import { assertEquals, assertRejects } from "@std/assert";
import { eventually } from "../support/eventually.ts";

Deno.test("what comes true is given back", async () => {
  let asked = 0;
  assertEquals(await eventually("it is asked thrice", () => ++asked === 3 && "yes"), "yes");
});

Deno.test("what does not come true in time fails with what it was", async () => {
  await assertRejects(
    () => eventually("the moon turns green", () => false, 30),
    Error,
    "not within 30 ms: the moon turns green",
  );
});
