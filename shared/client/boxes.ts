import type { Box, SearchResult } from "./rows.ts";

/** Coordinates as they may be given and stored: one box or several. */
export type Boxes = Box | Box[];

/** Coordinates as the library gives them: a list of boxes, or null where there are none. */
export function boxesOf(coordinates: Boxes | null | undefined): Box[] | null {
  if (!coordinates) return null;
  return typeof coordinates[0] === "number" ? [coordinates as Box] : coordinates as Box[];
}

/** A stored search result as the library gives it. */
export function searchResultOf(stored: object): SearchResult {
  const row = stored as SearchResult;
  return { ...row, coords_norm: boxesOf(row.coords_norm), coords_px: boxesOf(row.coords_px) };
}
