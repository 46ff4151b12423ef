/** The project's own assertions fail where the published ones do. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

/** @returns what the work fails with, or undefined */
async function failureOf(work: () => unknown): Promise<Error | undefined> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
}

const wrong = () => {
  throw new TypeError("wrong type");
};

Deno.test("assertions that don't hold fail", async (t) => {
  const cases: Record<string, () => unknown> = {
    "a key that is undefined is not one that is missing": () =>
      assertEquals<object>({ a: undefined }, {}),
    "values are not compared loosely": () => assertEquals<unknown>([1], ["1"]),
    "nothing is thrown": () => assertThrows(() => {}, Error),
    "another class is thrown": () => assertThrows(wrong, RangeError),
    "another message is thrown": () => assertThrows(wrong, TypeError, "range"),
    "the work resolves": () => assertRejects(() => Promise.resolve(), Error),
    "another class is the reason": () => assertRejects(async () => await wrong(), RangeError),
    "work that throws before it returns a promise does not reject": () =>
      assertRejects(wrong, TypeError),
  };
  for (const [what, work] of Object.entries(cases)) {
    await t.step(what, async () => assert(await failureOf(work)));
  }
});

Deno.test("assertions that hold give what was thrown", async () => {
  assertEquals(assertThrows(wrong, TypeError, "type").message, "wrong type");
  const error = await assertRejects(async () => await wrong(), Error, "wrong");
  assert(error instanceof TypeError);
});
