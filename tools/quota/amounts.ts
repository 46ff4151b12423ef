import { misuse } from "../../stack/failure.ts";

const UNITS: Record<string, number> = {
  "": 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * A number of bytes or of things: `1000`, `512MiB`, `1.5GiB`.
 *
 * @param isSize whether a unit may follow
 * @throws {Failure} where it is none, or more than the database's and JSON's numbers hold
 */
export function readAmount(text: string, isSize: boolean): number {
  const [, figure, unit = ""] = /^(\d+(?:\.\d+)?)(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  const amount = Number(figure) * (UNITS[unit] ?? NaN);
  if (figure && (isSize || unit === "") && Number.isSafeInteger(amount)) return amount;
  throw misuse(
    `${text} is no ${isSize ? "size" : "number"}`,
    isSize ? "As in 1048576, 512MiB or 1.5GiB." : "As in 1000.",
  );
}

/** Bytes as {@link readAmount} reads them, with the largest unit that fits: `1.5GiB`. */
export function writeSize(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, size]) => bytes >= size) ?? ["", 1];
  const value = bytes / size;
  return `${unit ? Math.round(value * 100) / 100 : value}${unit}`;
}
