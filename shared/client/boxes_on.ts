import { type Boxes, boxesOf } from "./boxes.ts";
import type { Box } from "./rows.ts";

/** What must be known of an image. */
export interface ImageOnPage {
  page_number: number | null;
  document_id?: string | null;
  /** The part of the page that it shows; null: all of it. */
  coords_norm: Box | null;
}

/** What must be known of a search result. */
export interface BoxesOfPage {
  page_number: number;
  document_id?: string | null;
  /** As fractions of the page. */
  coords_norm: Boxes | null;
}

/**
 * Where a search result lies on an image of its page, a crop or viewport included: a pure function,
 * to draw what was found.
 *
 * A document that is not known (null, on either side) may be the same one: only two that are known and
 * differ rule a result out.
 *
 * @returns boxes as fractions (0–1) of the image, clipped to it; none where the image shows another
 *   page or document, or an unknown page, and where nothing overlaps
 *
 * @example
 * ```ts
 * import { type Box, boxesOn } from "chat-archive";
 *
 * const image = { page_number: 2, coords_norm: [0.5, 0, 1, 0.5] as Box };
 * const hit = { page_number: 2, coords_norm: [0.25, 0.25, 0.75, 0.75] as Box };
 * console.assert(String(boxesOn(image, hit)) === "0,0.5,0.5,1");
 * ```
 */
export function boxesOn(image: ImageOnPage, search_result: BoxesOfPage): Box[] {
  if (image.page_number !== search_result.page_number) return [];
  const [shown, found] = [image.document_id, search_result.document_id];
  if (shown && found && shown !== found) return [];
  const [left, top, right, bottom] = image.coords_norm ?? [0, 0, 1, 1];
  const fraction = (from: number, to: number, value: number) =>
    (Math.min(Math.max(value, from), to) - from) / (to - from);
  return (boxesOf(search_result.coords_norm) ?? []).map(([x0, y0, x1, y1]): Box => [
    fraction(left, right, Math.min(x0, x1)),
    fraction(top, bottom, Math.min(y0, y1)),
    fraction(left, right, Math.max(x0, x1)),
    fraction(top, bottom, Math.max(y0, y1)),
  ]).filter(([x0, y0, x1, y1]) => x0 < x1 && y0 < y1);
}
