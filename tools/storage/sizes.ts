const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes for people, in steps of 1,000: `1.5 MB`. */
export function describeSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999,950 B would round to 1000.0 kB.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A number with its noun: `1 object`, `2,000 objects`. */
export function describeCount(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
