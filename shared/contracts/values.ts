import { z } from "zod";
import type { Json } from "../database.types.ts";
import { isStorable } from "../storable.ts";

/** An id as PostgreSQL writes it: any UUID, in lower case. */
export const Id = z.guid().toLowerCase();

/** A time with offset, ISO 8601. */
export const Time = z.iso.datetime({ offset: true });

/** Text that PostgreSQL can store. @param max UTF-16 units */
export function plainText(max: number) {
  return z.string().max(max)
    .refine(isStorable, "must not contain null characters or lone surrogates");
}

/** Pixels or bytes: a positive integer that the database's integer holds. */
export const Count = z.int().min(1).max(2_147_483_647);

/** A list of ids. @param max how many at most */
export function idList(max: number) {
  return z.array(Id).min(1).max(max);
}

/** Any JSON, taken as it is: zod's own types copy it, and lose a key such as `__proto__`. */
export const AnyJson = z.unknown()
  .refine((value) => value !== undefined, "it is missing") as unknown as z.ZodType<Json>;

const isObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A JSON object, taken as it is. */
export const JsonObject = z.unknown().refine(isObject, "must be an object")
  .meta({ type: "object" }) as unknown as z.ZodType<{ [key: string]: Json }>;

const Fraction = z.number().min(0).max(1);

/** A part of a page, as fractions of it: left, top, right, bottom. It has an area. */
export const PageBox = z.tuple([Fraction, Fraction, Fraction, Fraction]).refine(
  ([x0, y0, x1, y1]) => x0 < x1 && y0 < y1,
  "must be [left, top, right, bottom] with an area",
);
