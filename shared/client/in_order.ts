import { fieldError } from "../errors.ts";

/** Rows in the order of their ids. @throws {ChatArchiveError} `not_found` naming one that is missing */
export function inOrder<Row extends { id: string }>(ids: string[], rows: Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id, index) => {
    const row = byId.get(id.toLowerCase());
    if (row) return row;
    throw fieldError("not_found", ["ids", index], "no such row");
  });
}
