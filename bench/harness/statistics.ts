/** The middle of a list, and how far it spreads. */

/** Samples of one thing, in its unit. */
export interface Spread {
  median: number;
  /** A tenth of the samples is below it. */
  low: number;
  /** A tenth of the samples is above it. */
  high: number;
}

/** The value below which a part of the list is. @param part 0 to 1 */
export function quantile(list: readonly number[], part: number): number {
  if (list.length === 0) throw new Error("nothing was measured");
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** The middle value. */
export const median = (list: readonly number[]): number => quantile(list, 0.5);

/** Median and tenths of samples. */
export function spreadOf(samples: readonly number[]): Spread {
  return { median: median(samples), low: quantile(samples, 0.1), high: quantile(samples, 0.9) };
}

/** The samples of a ratio are of at most so many parts of a run. */
const PARTS = 5;

/**
 * Ratio of two series that were measured in turn: of the medians of each fifth of the run, because what else
 * the machine does changes while it runs, and hits both alike.
 */
export function ratioOf(ours: readonly number[], reference: readonly number[]): Spread {
  const length = Math.min(ours.length, reference.length);
  const parts = Math.min(PARTS, length);
  const ratios = Array.from({ length: parts }, (_, n) => {
    const [from, to] = [n, n + 1].map((part) => Math.floor(part * length / parts));
    return median(ours.slice(from, to)) / median(reference.slice(from, to));
  });
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}
