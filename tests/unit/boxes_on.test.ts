/** Boxes of a search result on images of its page. */
import fc from "fast-check";
import { type Box, boxesOn } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";

const WHOLE: Box = [0, 0, 1, 1];
const page = (coords_norm: Box | null, page_number: number | null = 1) => ({
  page_number,
  coords_norm,
});
const hit = (coords_norm: Box | Box[] | null, page_number = 1) => ({ page_number, coords_norm });

/** Two different fractions, the smaller first. */
const side = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
)
  .map(([a, b]): [number, number] => a < b ? [a, b] : [b, a]);
/** A box with an area that a number can tell from none. */
const box = fc.tuple(side, side)
  .map(([[x0, x1], [y0, y1]]): Box => [x0, y0, x1, y1])
  .filter(([x0, y0, x1, y1]) => x1 - x0 > 1e-6 && y1 - y0 > 1e-6);

const close = (a: number, b: number) => Math.abs(a - b) < 1e-9;

/** A box of an image on its page. */
function onPage([left, top, right, bottom]: Box, [x0, y0, x1, y1]: Box): Box {
  const [width, height] = [right - left, bottom - top];
  return [left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height];
}

function overlap(a: Box, b: Box): Box | undefined {
  const [x0, y0, x1, y1] = [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : undefined;
}

Deno.test("an image of the whole page has the boxes as they are", () => {
  fc.assert(fc.property(fc.array(box), (boxes) => {
    assertEquals(boxesOn(page(null), hit(boxes)), boxes);
    assertEquals(boxesOn(page(WHOLE), hit(boxes)), boxes);
  }));
  assertEquals(boxesOn(page(null), hit([0.25, 0.5, 0.75, 1])), [[0.25, 0.5, 0.75, 1]]);
  assertEquals(boxesOn(page(null), hit(null)), []);
});

Deno.test("on a crop, a box is where it overlaps, within the image", () => {
  fc.assert(fc.property(box, box, (crop, found) => {
    const [placed, ...others] = boxesOn(page(crop), hit(found));
    assertEquals(others, []);
    const expected = overlap(crop, found);
    if (!placed) {
      assert(!expected || expected[2] - expected[0] < 1e-9 || expected[3] - expected[1] < 1e-9);
      return;
    }
    assert(placed.every((value) => value >= 0 && value <= 1), String(placed));
    assert(placed[0] < placed[2] && placed[1] < placed[3]);
    assert(onPage(crop, placed).every((value, n) => close(value, expected![n]!)));
  }));
});

Deno.test("a result that fills the crop fills the image, and what lies beside it is not there", () => {
  fc.assert(fc.property(box, (crop) => assertEquals(boxesOn(page(crop), hit(crop)), [WHOLE])));
  fc.assert(fc.property(box, (crop) => assertEquals(boxesOn(page(crop), hit(WHOLE)), [WHOLE])));
  assertEquals(boxesOn(page([0, 0, 0.5, 1]), hit([[0.5, 0, 1, 1], [0.25, 0, 0.75, 1]])), [
    [0.5, 0, 1, 1],
  ]);
});

Deno.test("what has no area is not there, corners may come in any order", () => {
  assertEquals(boxesOn(page(null), hit([0.5, 0, 0.5, 1])), []);
  assertEquals(boxesOn(page(null), hit([0.75, 1, 0.25, 0.5])), [[0.25, 0.5, 0.75, 1]]);
});

Deno.test("another page, or an unknown one, has nothing", () => {
  fc.assert(fc.property(fc.nat(9), fc.nat(9), box, (shown, found, coords) => {
    assertEquals(boxesOn(page(null, shown), hit(coords, found)).length, shown === found ? 1 : 0);
    assertEquals(boxesOn(page(null, null), hit(coords, found)), []);
  }));
});

Deno.test("another document has nothing; one that is not known may be the same", () => {
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  const count = (shown: string | null | undefined, found: string | null | undefined) =>
    boxesOn(
      { ...page(null), ...(shown === undefined ? {} : { document_id: shown }) },
      { ...hit(WHOLE), ...(found === undefined ? {} : { document_id: found }) },
    ).length;
  assertEquals([count(a, a), count(a, null), count(null, a), count(null, null)], [1, 1, 1, 1]);
  assertEquals([count(a, b), count(undefined, a), count(a, undefined)], [0, 1, 1]);
});
