/** What one request takes. */
export interface PortionLimits {
  items: number;
  /** In the unit of `sizeOf`. An item that is larger goes alone. */
  size: number;
}

/**
 * Splits a list into requests, in order: by number, by size, and between items of different kinds.
 *
 * @param sizeOf of an item
 * @param kindOf items of one request are of the same kind; by default all are
 */
export function portions<T>(
  list: readonly T[],
  limits: PortionLimits,
  sizeOf: (item: T) => number,
  kindOf: (item: T) => string = () => "",
): T[][] {
  const result: T[][] = [];
  let total = 0;
  let kind = "";
  for (const item of list) {
    const size = sizeOf(item);
    const own = kindOf(item);
    const last = result.at(-1);
    if (
      last && last.length < limits.items && total + size <= limits.size && kind === own
    ) {
      last.push(item);
      total += size;
    } else {
      result.push([item]);
      total = size;
      kind = own;
    }
  }
  return result;
}
