/** The benchmarks' harness: what is measured, how it is compared, what is missed. Nothing is timed. */
import { alone, compared, isMissed, tableOf } from "../../bench/harness/figures.ts";
import { inTurn } from "../../bench/harness/in_turn.ts";
import { svgOf } from "../../bench/harness/plot.ts";
import { quantile, ratioOf, spreadOf } from "../../bench/harness/statistics.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("ways take turns, the first of a round being another each time; the warm-up is left out", async () => {
  const calls: string[] = [];
  const way = (name: string) => ({
    before: () => Promise.resolve(calls.push(`before ${name}`)),
    run: () => Promise.resolve(calls.push(name)),
  });
  const samples = await inTurn({ a: way("a"), b: way("b") }, { rounds: 2, perTurn: 2, warmUp: 1 });
  const turn = (name: string) => [`before ${name}`, name, name, name];
  // One round to warm up, then two.
  assertEquals(calls, ["b", "a", "a", "b", "b", "a"].flatMap(turn));
  for (const { time, cpu } of [samples.a, samples.b]) {
    assertEquals([time.length, cpu.length], [4, 4]);
  }
});

Deno.test("medians and tenths", () => {
  const list = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10];
  assertEquals(spreadOf(list), { median: 6, low: 2, high: 10 });
  assertEquals(quantile([3], 0.5), 3);
  assertThrows(() => quantile([], 0.5), Error, "nothing was measured");
});

Deno.test("a ratio is that of each fifth of a run, so that load which hits both does not change it", () => {
  // The machine becomes ten times as slow halfway.
  const reference = Array.from({ length: 50 }, (_, n) => n < 25 ? 1 : 10);
  const ours = reference.map((time) => time * 2);
  assertEquals(ratioOf(ours, reference), { median: 2, low: 2, high: 2 });
  assertEquals(ratioOf([3], [2]), { median: 1.5, low: 1.5, high: 1.5 });
});

Deno.test("what is above its bound is missed: the ratio, or the figure that stands alone", () => {
  assertEquals(isMissed(compared("a", [3], [2], { bound: 1.5 })), false);
  assertEquals(isMissed(compared("a", [3.1], [2], { bound: 1.5 })), true);
  assertEquals(isMissed(compared("a", [3.1], [2])), false);
  assertEquals(isMissed(alone("a", [60], { bound: 60 })), false);
  assertEquals(isMissed(alone("a", [61], { bound: 60 })), true);
});

Deno.test("a table has the columns that its figures need", () => {
  assertEquals(
    tableOf([alone("bytes", [1234.5], { unit: "kB" })]),
    "|  | ours |\n| --- | --- |\n| bytes | 1,235 kB |",
  );
  assertEquals(
    tableOf([
      compared("page", [1, 2, 3], [2, 2, 2], { bound: 0.9 }),
      alone("CPU", [1.005], { unit: "s", bound: 1 }),
    ]),
    [
      "|  | ours | reference | ratio | goal |",
      "| --- | --- | --- | --- | --- |",
      "| page | 2 ms (1 ms–3 ms) | 2 ms | 1.00 (0.50–1.50) | ≤ 0.9, missed |",
      "| CPU | 1.01 s |  |  | ≤ 1 s, missed |",
    ].join("\n"),
  );
});

Deno.test("a plot has each point at its place, by powers of ten", () => {
  const svg = svgOf({
    name: "a",
    title: "a < b & c",
    size: "messages",
    series: [{ name: "ours", points: [[100, 1], [10_000, 10]] }],
  });
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((one) =>
    one.slice(1, 3).map(Number)
  );
  // From the lower left corner of the axes to the upper right one.
  assertEquals(circles, [[64, 312], [490, 40]]);
  assertEquals(svg.includes("a &lt; b &amp; c"), true);
});
