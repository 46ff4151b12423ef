/** Figures: what a benchmark tells, and what was asked of it. */
import { ratioOf, type Spread, spreadOf } from "./statistics.ts";

/** How a figure is written. */
export type Unit = "ms" | "s" | "kB" | "MB" | "MiB" | "";

/** One row of a benchmark's table. */
export interface Figure {
  what: string;
  unit: Unit;
  ours: Spread;
  /** What it is compared with; without it the figure stands alone. */
  reference?: Spread;
  /** Of ours to the reference. */
  ratio?: Spread;
  /** The most that the median of the ratio may be, or, of a figure that stands alone, its own. */
  bound?: number;
}

/** A figure that is compared with a reference measured in turn. @param bound of the ratio */
export function compared(
  what: string,
  ours: readonly number[],
  reference: readonly number[],
  { unit = "ms", bound }: { unit?: Unit; bound?: number } = {},
): Figure {
  return {
    what,
    unit,
    ours: spreadOf(ours),
    reference: spreadOf(reference),
    ratio: ratioOf(ours, reference),
    ...(bound === undefined ? {} : { bound }),
  };
}

/** A figure that stands alone. @param bound of itself */
export function alone(
  what: string,
  samples: readonly number[],
  { unit = "ms", bound }: { unit?: Unit; bound?: number } = {},
): Figure {
  return { what, unit, ours: spreadOf(samples), ...(bound === undefined ? {} : { bound }) };
}

/** What is asked of a figure is missed. */
export function isMissed({ ours, ratio, bound }: Figure): boolean {
  return bound !== undefined && (ratio ?? ours).median > bound;
}

const PRECISE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const RATIO = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function amount(value: number, unit: Unit): string {
  const number = Math.abs(value) < 100 ? PRECISE.format(value) : WHOLE.format(value);
  return unit ? `${number} ${unit}` : number;
}

const range = (spread: Spread, write: (value: number) => string) =>
  write(spread.low) === write(spread.high)
    ? write(spread.median)
    : `${write(spread.median)} (${write(spread.low)}–${write(spread.high)})`;

function boundOf({ bound, ratio, unit }: Figure): string {
  if (bound === undefined) return "";
  return `≤ ${ratio ? bound : amount(bound, unit)}`;
}

/** The figures as a Markdown table: medians, with the lowest and highest tenth, or ratio of a fifth. */
export function tableOf(figures: readonly Figure[]): string {
  const isCompared = figures.some(({ ratio }) => ratio);
  const isBound = figures.some(({ bound }) => bound !== undefined);
  const head = [
    "",
    "ours",
    ...(isCompared ? ["reference", "ratio"] : []),
    ...(isBound ? ["goal"] : []),
  ];
  const rows = figures.map((figure) => {
    const { what, unit, ours, reference, ratio } = figure;
    const write = (value: number) => amount(value, unit);
    return [
      what,
      range(ours, write),
      ...(isCompared
        ? [
          reference ? range(reference, write) : "",
          ratio ? range(ratio, (value) => RATIO.format(value)) : "",
        ]
        : []),
      ...(isBound ? [boundOf(figure) + (isMissed(figure) ? ", missed" : "")] : []),
    ];
  });
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
