import { chunked, delay, eachOf, within } from "@shared/async.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

Deno.test("delay ends with its signal, also with one that was aborted before", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const waiting = delay(60_000, controller.signal);
  controller.abort(reason);
  assertEquals(await waiting.catch((error) => error), reason);
  assertEquals(await delay(60_000, controller.signal).catch((error) => error), reason);
  await delay(1);
});

Deno.test("within ends work that ignores its signal, and leaves no timer behind", async () => {
  const never = new Promise<never>(() => {});
  const late = await assertRejects(() => within(10, () => never), DOMException);
  assertEquals(late.name, "TimeoutError");
  assertEquals(await within(60_000, () => Promise.resolve("done")), "done");
  assertEquals(await within(Infinity, () => delay(5).then(() => "no limit")), "no limit");
  const reason = new Error("the caller's");
  assertEquals(
    await within(60_000, () => never, AbortSignal.abort(reason)).catch((error) => error),
    reason,
  );
});

Deno.test("eachOf keeps the order, and never works on more than it may", async () => {
  let working = 0;
  let most = 0;
  const doubled = await eachOf([5, 1, 4, 2, 3], 2, async (item, index) => {
    most = Math.max(most, ++working);
    await delay(item);
    working--;
    return [index, item * 2];
  });
  assertEquals(doubled, [[0, 10], [1, 2], [2, 8], [3, 4], [4, 6]]);
  assertEquals(most, 2);
  assertEquals(await eachOf([], 3, () => Promise.reject(new Error("nothing to do"))), []);
});

Deno.test("eachOf begins nothing after a failure, and ends when all have ended", async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = async (item: number) => {
    begun.push(item);
    await delay(item === 1 ? 1 : 20);
    ended++;
    if (item === 1) throw new Error("the first");
  };
  await assertRejects(() => eachOf([1, 2, 3, 4], 2, work), Error, "the first");
  assertEquals(begun, [1, 2]);
  assertEquals(ended, 2);
});

Deno.test("chunked splits a list in order", () => {
  assertEquals(chunked([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert(chunked([], 2).length === 0);
});
