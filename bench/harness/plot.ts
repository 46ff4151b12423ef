/** A plot of some series over a size, as SVG: both axes by powers of ten. */

/** What is drawn. */
export interface Plot {
  /** Of its file in docs/plots. */
  name: string;
  title: string;
  /** What the sizes are: messages. */
  size: string;
  /** Milliseconds, by size. */
  series: { name: string; points: [size: number, milliseconds: number][] }[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 64, right: 150, top: 40, bottom: 48 };
const COLOURS = ["#1b6ac9", "#c2410c", "#15803d", "#7e22ce"];

/** Powers of ten that hold all values. */
function decades(values: number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.log10);
  const from = Math.floor(low!);
  const to = Math.max(Math.ceil(high!), from + 1);
  return Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n));
}

/** Where a value is between two ends, by its logarithm. */
const scale = (ends: number[], from: number, to: number) => (value: number) => {
  const [low, high] = [Math.log10(ends[0]!), Math.log10(ends.at(-1)!)];
  return from + (Math.log10(value) - low) / (high - low) * (to - from);
};

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const at = (x: number, y: number, text: string, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escape(text)}</text>`;

/** Draws a plot. @returns the file's text */
export function svgOf({ title, size, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const [sizes, times] = [decades(points.map(([x]) => x)), decades(points.map(([, y]) => y))];
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scale(sizes, MARGIN.left, right);
  const y = scale(times, bottom, MARGIN.top);
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${
      y2.toFixed(1)
    }" stroke="#ddd"/>`;
  const grid = [
    ...sizes.map((value) =>
      line(x(value), MARGIN.top, x(value), bottom) +
      at(x(value), bottom + 18, value.toLocaleString("en"), `text-anchor="middle"`)
    ),
    ...times.map((value) =>
      line(MARGIN.left, y(value), right, y(value)) +
      at(MARGIN.left - 6, y(value) + 4, `${value.toLocaleString("en")} ms`, `text-anchor="end"`)
    ),
  ];
  const lines = series.map(({ name, points }, n) => {
    const colour = COLOURS[n % COLOURS.length]!;
    const path = points.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("L");
    const [lastX, lastY] = points.at(-1)!;
    return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      points.map(([a, b]) =>
        `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="3" fill="${colour}"/>`
      ).join("") +
      at(x(lastX) + 8, y(lastY) + 4, name, `fill="${colour}"`);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    `font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    at(MARGIN.left, 22, title, `font-size="14" font-weight="bold"`),
    ...grid,
    at((MARGIN.left + right) / 2, HEIGHT - 10, size, `text-anchor="middle"`),
    ...lines,
    "</svg>\n",
  ].join("\n");
}
